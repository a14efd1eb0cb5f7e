//! Several servers in one process.

use std::path::Path;
use std::time::Duration;

use super::handle::{Server, ServerError};
use super::options::ServerOptions;
use super::transport::LocalNetwork;
use crate::consensus::RoleName;
use crate::machine::StateMachine;
use crate::types::{Address, Configuration, NodeId};

/// Between two looks at who leads.
const LOOK: Duration = Duration::from_millis(5);

/// Servers of one process, S1, S2 and so on, linked by channels.
#[derive(Debug)]
pub struct Cluster {
    servers: Vec<Server>,
}

/// Why a cluster does not start.
#[derive(Debug, thiserror::Error)]
#[error("{node}: {source}")]
pub struct ClusterError {
    /// The server that does not.
    pub node: NodeId,
    /// Why.
    pub source: ServerError,
}

impl Cluster {
    /// So many servers that keep their logs in memory, each with a state machine of its own.
    ///
    /// # Errors
    ///
    /// Where one of them does not start.
    pub fn local<M: StateMachine>(servers: u64, machine: impl Fn() -> M) -> Result<Self, ClusterError> {
        let network = LocalNetwork::new();
        Self::start(servers, |options| {
            let address = options.address.clone();
            Server::start_in_memory(&options, machine(), |mailbox| {
                network.connect(address, mailbox);
                network.clone()
            })
        })
    }

    /// So many servers, each of which keeps its log in a directory of its own in this one, and goes on from there.
    ///
    /// # Errors
    ///
    /// Where one of them does not start.
    pub fn in_directory<M: StateMachine>(
        servers: u64,
        directory: &Path,
        machine: impl Fn() -> M,
    ) -> Result<Self, ClusterError> {
        let network = LocalNetwork::new();
        Self::start(servers, |options| {
            let address = options.address.clone();
            let own = directory.join(address.text());
            Server::start(&options, &own, machine(), |mailbox| {
                network.connect(address, mailbox);
                network.clone()
            })
        })
    }

    /// So many servers, each started with these options.
    ///
    /// # Errors
    ///
    /// Where one of them does not start.
    pub fn start(
        servers: u64,
        mut start: impl FnMut(ServerOptions) -> Result<Server, ServerError>,
    ) -> Result<Self, ClusterError> {
        let ids = || (1..=servers).map(NodeId::new);
        let started = ids().map(|node| {
            let mut options = ServerOptions::new(node, address_of(node), Configuration::of_voters(ids()));
            let others = ids().filter(|other| *other != node);
            options.peers = others.map(|other| (other, address_of(other))).collect();
            start(options).map_err(|source| ClusterError { node, source })
        });
        Ok(Self {
            servers: started.collect::<Result<_, _>>()?,
        })
    }

    /// The servers.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// Waits until one of them leads, and gives it.
    pub fn wait_for_leader(&self) -> &Server {
        loop {
            let leads = |server: &&Server| {
                server
                    .status()
                    .is_ok_and(|status| status.role == RoleName::Leader)
            };
            if let Some(leader) = self.servers.iter().find(leads) {
                return leader;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Stops them all.
    pub fn shutdown(self) {
        drop(self);
    }
}

/// Where a server of a local cluster is reached: `s1`.
fn address_of(node: NodeId) -> Address {
    Address::new(&format!("s{}", node.number())).expect("letters and digits")
}
