//! All nodes in the world's own thread.

use super::{Host, Hosted, Request, Response};
use crate::machine::Exhibit;
use crate::types::{NodeId, NodeMap};

/// Nodes that are called directly.
pub(super) struct Inline<M> {
    nodes: NodeMap<Hosted<M>>,
}

impl<M> Default for Inline<M> {
    fn default() -> Self {
        Self {
            nodes: NodeMap::new(),
        }
    }
}

impl<M: Exhibit + Default> Host<M> for Inline<M> {
    fn start(&mut self, id: NodeId, hosted: Hosted<M>) {
        self.nodes.insert(id, hosted);
    }

    fn call(&mut self, id: NodeId, request: Request) -> Response {
        self.nodes
            .get_mut(&id)
            .expect("the world calls nodes that run")
            .serve(request)
    }

    fn release(&mut self, id: NodeId) -> Hosted<M> {
        self.nodes
            .remove(&id)
            .expect("the world lets go of nodes that run")
    }
}
