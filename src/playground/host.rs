//! Where the nodes run: in the world's own thread, or each on a thread of its own.
//!
//! A host carries out one request at a time and waits for its answer, so that both give the same trace. A node that panics
//! answers that it did; its disk outlives it.

mod hosted;
mod inline;
mod threads;

pub(super) use hosted::{Found, HostInput, Hosted, Parked, Request, Response, Stepped};

use serde::{Deserialize, Serialize};

use super::snapshot::NodeView;
use crate::machine::Exhibit;
use crate::types::NodeId;

/// Which host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HostKind {
    /// All nodes in the world's thread.
    Inline,
    /// Every node on a thread of its own, linked by channels.
    #[default]
    Threads,
}

/// Where nodes run.
pub(super) trait Host<M> {
    /// Takes a node in.
    fn start(&mut self, id: NodeId, hosted: Hosted<M>);

    /// Has a node carry out a request.
    fn call(&mut self, id: NodeId, request: Request) -> Response;

    /// Lets a node go, as it is.
    fn release(&mut self, id: NodeId) -> Hosted<M>;
}

impl HostKind {
    pub(super) fn build<M: Exhibit + Default>(self) -> Box<dyn Host<M>> {
        match self {
            Self::Inline => Box::new(inline::Inline::default()),
            Self::Threads => Box::new(threads::Threads::default()),
        }
    }
}

/// What a look at a running node shows; the world adds what it alone knows.
pub(super) type Look = Box<NodeView>;
