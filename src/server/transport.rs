//! How messages get from server to server.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::mailbox::Mailbox;
use crate::node::Sent;
use crate::types::{Address, ClusterId};

/// Carries a server's messages. It may lose them, double them, and change their order: the algorithm copes.
pub trait Transport: Send + 'static {
    /// Takes a message on its way. One without an address can't be delivered.
    ///
    /// It must not block: the server waits meanwhile.
    fn send(&mut self, cluster: ClusterId, sent: Sent);

    /// All that is at hand was sent: what was put together is to leave.
    fn flush(&mut self) {}
}

/// Servers of one process, reached by channels. Clones are the same network.
#[derive(Clone, Default)]
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
}

impl Transport for LocalNetwork {
    fn send(&mut self, cluster: ClusterId, sent: Sent) {
        let directory = self
            .directory
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let receiver = sent.address.as_ref().and_then(|address| directory.get(address));
        if let Some(receiver) = receiver {
            receiver.deliver(cluster, sent.message);
        }
    }
}
