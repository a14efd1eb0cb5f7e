//! How a world begins, and how a node in it starts.

use std::io;
use std::path::{Path, PathBuf};

use super::super::clock::Clock;
use super::super::data_dir::{self, DataDirError};
use super::super::draw::Draws;
use super::super::host::{HostKind, Hosted, Parked};
use super::super::mirror::Mirror;
use super::super::network::{CLUSTER, Network};
use super::super::record::Happening;
use super::super::settings::Settings;
use super::super::snapshot::Condition;
use super::super::trace::Trace;
use super::routes::{address_of, usual_routes};
use super::watch::Watch;
use super::witness::Witness;
use super::{Clients, Server, World};
use crate::consensus::{self, RoleName};
use crate::machine::Exhibit;
use crate::node::{Node, NodeSettings, Routes, StartError, first_nodes};
use crate::storage;
use crate::storage::real::{DirectoryError, RealDisk};
use crate::storage::simulated::SimulatedDisk;
use crate::storage::wal::WalOptions;
use crate::types::{Configuration, Incarnation, LocalTime, NodeId, ProposalId, Term, VirtualTime};

/// By how much clocks may drift apart, as far as leases know: a tenth.
const DRIFT_PPM: u32 = 100_000;

/// The most nodes in a world.
pub const NODES_MAX: u64 = 25;

/// What a world begins with.
#[derive(Clone, Debug)]
pub struct WorldOptions {
    /// How many nodes, from 1 to [`NODES_MAX`].
    pub nodes: u64,
    /// The seed of all random draws.
    pub seed: u64,
    /// How it behaves.
    pub settings: Settings,
    /// Where the nodes run.
    pub host: HostKind,
    /// Where each node's files are kept, in a folder of its own. Where there are some, the nodes start from them.
    pub data_dir: Option<PathBuf>,
}

/// Why a world can't begin.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// Too few nodes or too many.
    #[error("a cluster has 1 to {NODES_MAX} nodes, not {0}")]
    Nodes(u64),
    /// The settings make no sense.
    #[error("{0}")]
    Settings(&'static str),
    /// The data directory can't be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// A node's folder can't be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// A node's files can't be read or written.
    #[error("{path}: {source}", path = path.display())]
    Files {
        /// The node's folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A node can't start from its disk.
    #[error("{node} can't start: {source}")]
    Start {
        /// The node.
        node: NodeId,
        /// Why.
        source: StartError,
    },
}

impl<M: Exhibit + Default> World<M> {
    /// A cluster whose nodes have just been powered on: with empty disks, or with what their files hold.
    pub fn new(options: WorldOptions) -> Result<Self, WorldError> {
        let WorldOptions {
            nodes,
            seed,
            settings,
            host,
            data_dir,
        } = options;
        if !(1..=NODES_MAX).contains(&nodes) {
            return Err(WorldError::Nodes(nodes));
        }
        settings.check().map_err(WorldError::Settings)?;
        let founders = match &data_dir {
            Some(folder) => data_dir::power_on(folder, nodes)?,
            None => nodes,
        };
        let configuration = Configuration::of_voters(first_nodes(founders));
        let mut world = Self::empty(Draws::new(seed), settings, configuration, host);
        for id in first_nodes(nodes) {
            let (disk, mirror) = open_files(data_dir.as_deref(), id)?;
            let parked = Parked {
                disk,
                mirror,
                open_proposals: Vec::new(),
                routes: usual_routes(
                    id,
                    Incarnation::default(),
                    first_nodes(nodes).map(|other| (other, 0)),
                ),
            };
            let server = Server::down(world.node_settings(id, Incarnation::default()), parked);
            world.nodes.insert(id, server);
        }
        for id in first_nodes(nodes) {
            world
                .start_node(id)
                .map_err(|source| WorldError::Start { node: id, source })?;
        }
        world.data_dir = data_dir;
        Ok(world)
    }

    /// Starts the servers whose ids are committed, up to this one: each with an empty disk and the genesis configuration, and
    /// with everything else to learn from the leader.
    pub(super) fn start_joined(&mut self, newest: &Configuration, committed_by: NodeId) {
        let first = self.nodes.len() as u64 + 1;
        for id in (first..=newest.last_id.number().min(NODES_MAX)).map(NodeId::new) {
            let mut tokens = newest.joined.iter().filter(|(_, joined)| **joined == id);
            let seed = tokens.next().and_then(|(token, _)| self.joining.remove(token));
            let (disk, mirror) = self.files_for(id);
            let parked = Parked {
                disk,
                mirror,
                open_proposals: Vec::new(),
                routes: self.introduce(id, seed, committed_by),
            };
            self.network.isolate(id);
            let server = Server::down(self.node_settings(id, Incarnation::default()), parked);
            self.nodes.insert(id, server);
            if let Err(error) = self.start_node(id) {
                self.complaints.push(error.to_string());
            }
        }
    }

    /// The disk of a node that is new, and the files that follow it, where the cluster has a folder.
    fn files_for(&mut self, id: NodeId) -> (SimulatedDisk, Option<Mirror>) {
        let Some(folder) = self.data_dir.clone() else {
            return (SimulatedDisk::new(), None);
        };
        let mut disk = SimulatedDisk::new();
        let founders = self.configuration.voters.len() as u64;
        let mirror = lay_files(&folder, id, &mut disk);
        let mirror = mirror.and_then(|mirror| {
            data_dir::mark(&folder, id.number(), founders)?;
            Ok(mirror)
        });
        match mirror {
            Ok(mirror) => (disk, Some(mirror)),
            Err(error) => {
                self.complaints.push(error.to_string());
                (SimulatedDisk::new(), None)
            }
        }
    }

    pub(super) fn empty(
        draws: Draws,
        settings: Settings,
        configuration: Configuration,
        host: HostKind,
    ) -> Self {
        Self {
            now: VirtualTime::default(),
            carried_out: 0,
            draws,
            settings,
            watch: Watch::new(&configuration),
            witness: Witness::new(),
            calls: None,
            configuration,
            queue: super::agenda::Agenda::default(),
            next_order: 0,
            next_proposal: ProposalId::new(1),
            clients: Clients::default(),
            asking: super::load::Asking::default(),
            joining: std::collections::BTreeMap::new(),
            nodes: crate::types::NodeMap::new(),
            network: Network::default(),
            host: host.build(),
            runs_on: host,
            trace: Trace::default(),
            delivered: 0,
            is_halted: false,
            spare: None,
            complaints: Vec::new(),
            data_dir: None,
        }
    }

    pub(super) fn node_settings(&self, id: NodeId, incarnation: Incarnation) -> NodeSettings {
        node_settings(
            &self.settings,
            self.configuration.clone(),
            id,
            (incarnation, self.clock(id).at(self.now)),
        )
    }

    /// Starts a node that is down, in a new incarnation. Where it can't start, it stays down with its disk as it was.
    pub(super) fn start_node(&mut self, id: NodeId) -> Result<(), StartError> {
        let incarnation = self.server(id).settings.raft.incarnation.next();
        let mut settings = self.node_settings(id, incarnation);
        self.server(id).seen_down = None;
        let Parked {
            disk,
            mirror,
            routes,
            open_proposals: _,
        } = self
            .server(id)
            .parked
            .take()
            .expect("a node that is down has its disk");
        let kept = disk.clone();
        settings.routes = routes;
        let (node, effects, cut) = match Node::<M, _>::start(settings.clone(), disk, M::default()) {
            Ok(started) => started,
            Err(error) => {
                let server = self.server(id);
                server.failure = Some(error.to_string());
                server.parked = Some(Parked {
                    disk: kept,
                    mirror,
                    open_proposals: Vec::new(),
                    routes: settings.routes,
                });
                return Err(error);
            }
        };
        let state = node.state();
        let (metadata, last) = (state.persistent.metadata, state.persistent.log.last_position());
        self.watch.started(id, &state.persistent);
        self.witness.found(&state.persistent, state.volatile.applied);
        let mut hosted = Hosted::new(id, node, mirror);
        let mut stepped = hosted.started(effects);
        self.host.start(id, hosted);
        let server = self.server(id);
        settings.routes = Routes::default();
        server.settings = settings;
        (server.term, server.attempt) = (metadata.term, 0);
        server.condition = Condition::Up;
        server.failure = None;
        let torn_bytes = cut.map_or(0, |cut| cut.bytes);
        self.record(Happening::Started {
            node: id,
            term: metadata.term,
            last,
            torn_bytes,
        });
        self.follow(id, &mut stepped);
        self.begin_gossip(id);
        Ok(())
    }
}

impl Server {
    pub(super) fn down(settings: NodeSettings, parked: Parked) -> Self {
        let address = address_of(settings.raft.id, 0);
        Self {
            settings,
            condition: Condition::Down,
            clock: Clock::default(),
            parked: Some(parked),
            term: Term::default(),
            role: RoleName::Follower,
            timer: None,
            syncs: std::collections::BTreeMap::new(),
            taking: None,
            attempt: 0,
            moves: 0,
            address,
            gossip: None,
            gossips: 0,
            syncs_begun: 0,
            last_sync_due: VirtualTime::default(),
            disk: None,
            backlog: std::collections::VecDeque::new(),
            failure: None,
            seen_down: None,
        }
    }
}

/// A node's disk and the files that follow it: what the files hold, or an empty disk.
fn open_files(data_dir: Option<&Path>, id: NodeId) -> Result<(SimulatedDisk, Option<Mirror>), WorldError> {
    let Some(data_dir) = data_dir else {
        return Ok((SimulatedDisk::new(), None));
    };
    let real = open_folder(data_dir, id)?;
    let path = real.directory().to_owned();
    let failed = |source| WorldError::Files {
        path: path.clone(),
        source,
    };
    let contents = storage::contents(&real).map_err(failed)?;
    let mirror = Mirror::begin(real, &contents).map_err(failed)?;
    let mut disk = SimulatedDisk::from_contents(contents).map_err(failed)?;
    disk.enable_journal();
    Ok((disk, Some(mirror)))
}

/// A node's disk as a save has it, and the files made to follow it.
pub(super) fn lay_files(folder: &Path, id: NodeId, disk: &mut SimulatedDisk) -> Result<Mirror, WorldError> {
    let real = open_folder(folder, id)?;
    let path = real.directory().to_owned();
    let mirror = Mirror::begin(real, &disk.contents());
    disk.enable_journal();
    disk.drain_journal();
    mirror.map_err(|source| WorldError::Files { path, source })
}

pub(super) fn open_folder(data_dir: &Path, id: NodeId) -> Result<RealDisk, WorldError> {
    Ok(RealDisk::open(&data_dir.join(id.to_string()))?)
}

pub(super) fn node_settings(
    settings: &Settings,
    genesis: Configuration,
    id: NodeId,
    (incarnation, started): (Incarnation, LocalTime),
) -> NodeSettings {
    let raft = consensus::Settings {
        id,
        incarnation,
        started,
        election_timeout: settings.election_timeout.min(),
        protections: settings.protections,
        auto_promote: settings.auto_promote,
        reroute: settings.reroute,
        drift_ppm: DRIFT_PPM,
        limits: settings.limits,
        rules: settings.rules,
    };
    NodeSettings {
        cluster: CLUSTER,
        genesis,
        raft,
        wal: WalOptions::default(),
        routes: Routes::default(),
    }
}
