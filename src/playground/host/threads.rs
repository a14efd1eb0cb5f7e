//! Every node on a thread of its own, linked to the world by channels.

use std::collections::BTreeMap;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Host, Hosted, Request, Response};
use crate::machine::Exhibit;
use crate::types::NodeId;

/// Nodes on threads.
pub(super) struct Threads<M> {
    workers: BTreeMap<NodeId, Worker<M>>,
}

impl<M> Default for Threads<M> {
    fn default() -> Self {
        Self {
            workers: BTreeMap::new(),
        }
    }
}

/// The world's end of a node's thread.
struct Worker<M> {
    requests: Sender<Request>,
    responses: Receiver<Response>,
    thread: JoinHandle<Hosted<M>>,
}

impl<M: Exhibit + Default> Worker<M> {
    /// The thread ends when the world lets go of its end of the channel, and gives the node back.
    fn spawn(id: NodeId, mut hosted: Hosted<M>) -> Self {
        let (requests, inbox) = bounded(1);
        let (outbox, responses) = bounded(1);
        let serve = move || {
            for request in &inbox {
                if outbox.send(hosted.serve(request)).is_err() {
                    break;
                }
            }
            hosted
        };
        let named = thread::Builder::new().name(format!("node-{id}"));
        let thread = named
            .spawn(serve)
            .expect("the system can start a thread for each of a few nodes");
        Self {
            requests,
            responses,
            thread,
        }
    }

    fn call(&self, request: Request) -> Response {
        self.requests
            .send(request)
            .expect("a node's thread catches its panics and waits for requests");
        self.responses
            .recv()
            .expect("a node's thread answers every request")
    }

    fn release(self) -> Hosted<M> {
        drop(self.requests);
        self.thread.join().expect("a node's thread catches its panics")
    }
}

impl<M: Exhibit + Default> Host<M> for Threads<M> {
    fn start(&mut self, id: NodeId, hosted: Hosted<M>) {
        self.workers.insert(id, Worker::spawn(id, hosted));
    }

    fn call(&mut self, id: NodeId, request: Request) -> Response {
        self.workers
            .get(&id)
            .expect("the world calls nodes that run")
            .call(request)
    }

    fn release(&mut self, id: NodeId) -> Hosted<M> {
        self.workers
            .remove(&id)
            .expect("the world lets go of nodes that run")
            .release()
    }
}

/// No thread outlives its world.
impl<M> Drop for Threads<M> {
    fn drop(&mut self) {
        for (_, worker) in std::mem::take(&mut self.workers) {
            drop(worker.requests);
            drop(worker.thread.join());
        }
    }
}
