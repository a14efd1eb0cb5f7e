//! How messages get from server to server.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::mailbox::{LinkId, Mailbox};
use crate::node::Sent;
use crate::types::{Address, ClusterId, NodeId};
use crate::wire::{Encoder, Hello, Limits};

/// Carries a server's messages. It may lose them, double them, and change their order: the algorithm copes.
pub trait Transport: Send + 'static {
    /// Takes a message on its way. One without an address can't be delivered.
    ///
    /// It must not block: the server waits meanwhile.
    fn send(&mut self, cluster: ClusterId, sent: Sent);

    /// All that is at hand was sent: what was put together is to leave.
    fn flush(&mut self) {}

    /// There is nothing to send for now: what was kept to send the same once more may go.
    fn rest(&mut self) {}
}

/// Servers of one process, reached by channels. Clones are the same network.
#[derive(Clone, Debug, Default)]
pub struct LocalNetwork {
    #[expect(
        clippy::disallowed_types,
        reason = "a directory that all senders read, and that changes when a server starts or stops"
    )]
    directory: Arc<std::sync::RwLock<BTreeMap<Address, Mailbox>>>,
}

impl LocalNetwork {
    /// A network without servers.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on what is sent to this address comes here.
    pub fn connect(&self, address: Address, mailbox: Mailbox) {
        let mut directory = self
            .directory
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        directory.insert(address, mailbox);
    }

    /// From now on what is sent to this address is lost.
    pub fn disconnect(&self, address: &Address) {
        let mut directory = self
            .directory
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        directory.remove(address);
    }

    /// Where what is sent to an address comes, if anywhere.
    fn find(&self, address: &Address) -> Option<Mailbox> {
        let directory = self
            .directory
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        directory.get(address).cloned()
    }
}

impl Transport for LocalNetwork {
    fn send(&mut self, cluster: ClusterId, sent: Sent) {
        if let Some(receiver) = sent.address.as_ref().and_then(|address| self.find(address)) {
            receiver.deliver(cluster, sent.message);
        }
    }
}

/// The links of one server as bytes, as [`wire`](crate::wire) has them, over the channels of a [`LocalNetwork`].
#[derive(Debug)]
pub struct ByteLinks {
    network: LocalNetwork,
    own: Mailbox,
    encoder: Encoder,
    links: BTreeMap<NodeId, Link>,
}

/// A link to one start of a server.
#[derive(Debug)]
struct Link {
    id: LinkId,
    to: Mailbox,
    /// What was put together and has not left.
    chunks: Vec<Bytes>,
}

impl ByteLinks {
    /// The links of the server that this mailbox is of.
    pub fn new(network: LocalNetwork, own: Mailbox) -> Self {
        let encoder = Encoder::new(own.node, Limits::default());
        Self {
            network,
            own,
            encoder,
            links: BTreeMap::new(),
        }
    }

    /// The link to a server; a new one, which begins with a hello, where the receiver was started anew.
    fn link(&mut self, node: NodeId, to: Mailbox) -> &mut Link {
        if self.links.get(&node).is_some_and(|link| !link.to.is_same(&to)) {
            self.links.remove(&node);
        }
        let own = &self.own;
        self.links.entry(node).or_insert_with(|| {
            let hello = Hello {
                cluster: own.cluster,
                from: own.node,
                incarnation: own.incarnation,
                to: node,
            };
            Link {
                id: LinkId::unique(),
                to,
                chunks: vec![hello.encode()],
            }
        })
    }
}

impl Transport for ByteLinks {
    fn send(&mut self, _: ClusterId, sent: Sent) {
        let Some(to) = sent
            .address
            .as_ref()
            .and_then(|address| self.network.find(address))
        else {
            return;
        };
        // A message that is too large is as good as lost.
        if let Ok(frame) = self.encoder.encode(&sent.message) {
            self.link(sent.message.get().to, to).chunks.push(frame);
        }
    }

    fn flush(&mut self) {
        for link in self.links.values_mut().filter(|link| !link.chunks.is_empty()) {
            link.to.deliver_bytes(link.id, std::mem::take(&mut link.chunks));
        }
    }

    fn rest(&mut self) {
        self.encoder.forget();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.to.close(self.id);
    }
}
