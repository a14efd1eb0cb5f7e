//! A running server, and all that can be asked of it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use crossbeam_channel::{Sender, unbounded};

use super::apply::Applier;
use super::error::AskError;
use super::mailbox::{Ask, Letter, Mailbox, Reply};
use super::onlooker::Onlooker;
use super::open::Open;
use super::options::ServerOptions;
use super::run::Engine;
use super::starts;
use super::status::Status;
use super::streams::{Stream, Streams};
use super::sync::{Finishes, Syncer};
use super::ticket::{self, Changed, Done, ReadDone, Ticket};
use super::timers::Timers;
use super::transport::Transport;
use crate::consensus::durable::GroupSync;
use crate::consensus::{Log, Persistent, ReadWay};
use crate::machine::StateMachine;
use crate::node::{Applying, Effects, Node, ProposalEnd, StartError};
use crate::storage::memory::MemoryStore;
use crate::storage::real::{DirectoryError, RealDisk};
use crate::storage::wal::TornTail;
use crate::types::{Guarded, Incarnation, JoinToken, LogPosition, MembershipChange, NodeId, SessionId};

/// Why a server does not start, or has stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Its directory can't be had.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Its directory can't be read or written.
    #[error("the server's directory: {0}")]
    Io(#[source] io::Error),
    /// What its directory holds can't be started from.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The operating system gives it no thread.
    #[error("no thread for the server: {0}")]
    Thread(#[source] io::Error),
    /// Its disk or its state machine failed. It can be started again from its directory.
    #[error("{0}")]
    Failed(String),
    /// It panicked.
    #[error("a thread of the server's panicked")]
    Panicked,
}

/// How a server ended.
pub type Ended = Result<(), ServerError>;

/// A running server. Dropping it stops it, as [`shutdown`](Self::shutdown) does.
///
/// Whatever is asked is asked of this server; where it does not lead, it [passes it on](ServerOptions::reroute) to the leader.
#[derive(Debug)]
pub struct Server {
    id: NodeId,
    mailbox: Sender<Letter>,
    thread: Option<JoinHandle<Ended>>,
    cut: Option<TornTail>,
}

/// How the server's log is kept.
struct Storage<S: GroupSync> {
    syncer: Syncer<S>,
    finishes: Finishes<S>,
}

/// Starting.
impl Server {
    /// Starts one whose log is kept in a directory, from what is there.
    ///
    /// # Errors
    ///
    /// Where the directory is in use, can't be read or written, or holds what can't be.
    pub fn start<M: StateMachine, T: Transport>(
        options: &ServerOptions,
        directory: &Path,
        machine: M,
        connect: impl FnOnce(Mailbox) -> T,
    ) -> Result<Self, ServerError> {
        let mut disk = RealDisk::open(directory)?;
        let incarnation = starts::begin(&mut disk).map_err(ServerError::Io)?;
        let (node, effects, cut) = Node::start(options.node_settings(incarnation), disk, machine)?;
        let name = format!("raft-sync-{}", options.id.number());
        let (syncer, finishes) = Syncer::apart(name).map_err(ServerError::Thread)?;
        let storage = Storage { syncer, finishes };
        let mut server = Self::run(options, node, effects, storage, connect)?;
        server.cut = cut;
        Ok(server)
    }

    /// Starts one that keeps its log in memory alone. It must never be started again under the same id: it has forgotten whom
    /// it voted for, and what it acknowledged.
    ///
    /// # Errors
    ///
    /// Where there is no thread for it.
    pub fn start_in_memory<M: StateMachine, T: Transport>(
        options: &ServerOptions,
        machine: M,
        connect: impl FnOnce(Mailbox) -> T,
    ) -> Result<Self, ServerError> {
        let settings = options.node_settings(Incarnation::new(1));
        let genesis = Persistent {
            log: Log::after(LogPosition::GENESIS, options.genesis.clone().into()),
            ..Persistent::default()
        };
        let (node, effects) = Node::with_store(settings, MemoryStore, genesis, machine)?;
        let (syncer, finishes) = Syncer::here();
        Self::run(options, node, effects, Storage { syncer, finishes }, connect)
    }

    fn run<M: StateMachine, S: GroupSync + Send + 'static, T: Transport>(
        options: &ServerOptions,
        mut node: Node<M, S>,
        effects: Effects<S>,
        storage: Storage<S>,
        connect: impl FnOnce(Mailbox) -> T,
    ) -> Result<Self, ServerError> {
        let (letters, received) = unbounded();
        let mailbox = Mailbox {
            letters: letters.clone(),
            node: options.id,
            cluster: options.cluster,
            incarnation: node.settings().raft.incarnation,
        };
        let Storage { syncer, finishes } = storage;
        let (applier, apply_thread) = match options.applying {
            Applying::Here => (Applier::here(), None),
            Applying::Apart => {
                let name = format!("raft-apply-{}", options.id.number());
                let (applier, thread) = Applier::apart(name).map_err(ServerError::Thread)?;
                (applier, Some(thread))
            }
        };
        node.set_applying(options.applying);
        let timers = Timers::new(
            options.election_timeout,
            options.heartbeat_interval,
            options.gossip_interval,
        );
        let engine = Engine {
            node,
            effects,
            transport: connect(mailbox.clone()),
            mailbox,
            letters: received,
            synced: finishes.receiver,
            syncer,
            applier,
            now: timers.now(),
            timers,
            onlooker: Onlooker::of(options.id),
            open: Open::default(),
            commands: Vec::new(),
            streams: Streams::default(),
            links: BTreeMap::new(),
        };
        let name = format!("raft-{}", options.id.number());
        let onlooker = engine.onlooker;
        let work = move || {
            let ended = engine.run();
            // It ends when its last write is synced, for nobody sends it any more.
            let synced = finishes.thread.map_or(Ok(()), JoinHandle::join);
            let worked = apply_thread.map_or(Ok(()), JoinHandle::join);
            // Only now does it give its directory back.
            let ended = ended.map(drop).map_err(|error| error.to_string());
            onlooker.leave(ended.as_ref().err().map(String::as_str));
            ended.map_err(ServerError::Failed)?;
            // Without anybody who syncs or applies, the server has stopped of itself.
            synced.and(worked).map_err(|_| ServerError::Panicked)
        };
        let thread = thread::Builder::new().name(name).spawn(work);
        Ok(Self {
            id: options.id,
            mailbox: letters,
            thread: Some(thread.map_err(ServerError::Thread)?),
            cut: None,
        })
    }

    /// Its name.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// What was cut away at the end of its log when it started, if anything: bytes of a write that was never acknowledged.
    pub fn torn_tail(&self) -> Option<&TornTail> {
        self.cut.as_ref()
    }

    /// Stops it, and waits until it has. What was written is synced; who still waits is told that it has stopped.
    ///
    /// # Errors
    ///
    /// Why it had stopped before, if it had.
    pub fn shutdown(mut self) -> Ended {
        self.stop()
    }

    fn stop(&mut self) -> Ended {
        drop(self.mailbox.send(Letter::Shutdown));
        match self.thread.take() {
            Some(thread) => thread.join().unwrap_or(Err(ServerError::Panicked)),
            None => Ok(()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop());
    }
}

/// Asking.
impl Server {
    /// Has a command replicated and applied. It may be applied more than once where the answer is lost and the caller asks again;
    /// [`propose_in`](Self::propose_in) is applied once.
    pub fn propose_command(&self, command: impl Into<Bytes>) -> Ticket<Done> {
        let (sender, receiver) = oneshot::channel();
        let letter = Letter::Command(command.into(), Reply::Once(sender));
        drop(self.mailbox.send(letter));
        Ticket::new(receiver, ticket::done)
    }

    /// Opens a session: in it, a command is applied once however often it is asked for (§8). It expires when it is not used for longer
    /// than this, by the cluster's time.
    pub fn open_session(&self, timeout: Duration) -> Ticket<SessionId> {
        self.ask(Ask::OpenSession(timeout), ticket::opened)
    }

    /// Closes a session: its client asks for nothing more in it. Where it is not open, that is the error; it may have been closed before.
    pub fn close_session(&self, session: SessionId) -> Ticket<()> {
        self.ask(Ask::CloseSession(session), ticket::closed)
    }

    /// Has a command of a session replicated and applied, once.
    pub fn propose_in(&self, guarded: Guarded) -> Ticket<Done> {
        self.ask(Ask::ProposeIn(guarded), ticket::done)
    }

    /// Asks the state machine a question, and sees everything that was acknowledged before: by ReadIndex, which asks a majority
    /// whether the leader still leads.
    pub fn read(&self, query: impl Into<Bytes>) -> Ticket<ReadDone> {
        self.read_by(ReadWay::Index, query)
    }

    /// The same, in the way of the caller's choice.
    pub fn read_by(&self, way: ReadWay, query: impl Into<Bytes>) -> Ticket<ReadDone> {
        self.ask(Ask::Read(way, query.into()), ticket::read)
    }

    /// Has a server join as a learner, under an id that was never given before. Who asks again with the same token, a random number of the joining
    /// server's, is told the id.
    pub fn add_learner(&self, token: JoinToken) -> Ticket<Changed> {
        self.reconfigure(MembershipChange::Join(token))
    }

    /// Has a server join as a learner, and gives its id once that is committed.
    ///
    /// # Errors
    ///
    /// As of any ticket.
    pub fn add_server(&self, token: JoinToken) -> Result<NodeId, AskError> {
        loop {
            if let Changed::JoinedBefore(node) = self.add_learner(token).wait()? {
                return Ok(node);
            }
        }
    }

    /// Makes a learner a voter.
    pub fn promote(&self, learner: NodeId) -> Ticket<Changed> {
        self.reconfigure(MembershipChange::Promote(learner))
    }

    /// Makes a voter a learner.
    pub fn demote(&self, voter: NodeId) -> Ticket<Changed> {
        self.reconfigure(MembershipChange::Demote(voter))
    }

    /// Has a server leave.
    pub fn remove(&self, node: NodeId) -> Ticket<Changed> {
        self.reconfigure(MembershipChange::Remove(node))
    }

    /// Changes who belongs to the cluster.
    pub fn reconfigure(&self, change: MembershipChange) -> Ticket<Changed> {
        self.ask(Ask::Reconfigure(change), ticket::changed)
    }

    /// Has the leader hand over to another. That it begins to is what the ticket tells; whether it succeeds is seen by who leads next.
    pub fn transfer_leadership(&self, target: NodeId) -> Ticket<()> {
        self.ask(Ask::Transfer(target), ticket::handed_over)
    }

    /// How it is.
    ///
    /// # Errors
    ///
    /// Where it has stopped.
    pub fn status(&self) -> Result<Status, AskError> {
        let (sender, receiver) = oneshot::channel();
        drop(self.mailbox.send(Letter::Status(sender)));
        receiver.recv().map_err(|_| AskError::Stopped)
    }

    /// A client that keeps many commands open and takes their answers as they come.
    pub fn stream(&self) -> Stream {
        Stream::open(self.mailbox.clone())
    }

    fn ask<T>(&self, ask: Ask, read: fn(&ProposalEnd) -> Option<T>) -> Ticket<T> {
        let (sender, receiver) = oneshot::channel();
        // Where the server has stopped, the letter goes back, and with it the sender: the ticket tells so.
        drop(self.mailbox.send(Letter::Ask(Box::new(ask), Reply::Once(sender))));
        Ticket::new(receiver, read)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::consensus::durable::{Store, Write};
    use crate::machine::KeyValue;
    use crate::types::{Address, Configuration};

    /// Whoever syncs it panics.
    struct Cursed;

    impl Store for Cursed {
        type Sync = ();
        type Synced = ();
        type Error = Infallible;

        fn begin(&mut self, _: &Write) -> Result<(), Infallible> {
            Ok(())
        }

        fn sync((): ()) -> Result<(), Infallible> {
            panic!("the test wants it so");
        }

        fn settle(&mut self, (): ()) {}
    }

    impl GroupSync for Cursed {}

    struct Nobody;

    impl Transport for Nobody {
        fn send(&mut self, _: crate::types::ClusterId, _: crate::node::Sent) {}
    }

    #[test]
    fn a_server_whose_syncs_panic_has_not_ended_well() {
        let id = NodeId::new(1);
        let address = Address::new("s1").unwrap();
        let mut options = ServerOptions::new(id, address, Configuration::of_voters([id]));
        options.election_timeout = Duration::from_millis(5);
        let genesis = Persistent {
            log: Log::after(LogPosition::GENESIS, options.genesis.clone().into()),
            ..Persistent::default()
        };
        let settings = options.node_settings(Incarnation::new(1));
        let (node, effects) = Node::with_store(settings, Cursed, genesis, KeyValue::default()).unwrap();
        let (syncer, finishes) = Syncer::apart("cursed".to_owned()).unwrap();
        let storage = Storage { syncer, finishes };
        let mut server = Server::run(&options, node, effects, storage, |_| Nobody).unwrap();
        let ended = server.thread.take().unwrap().join().unwrap();
        assert!(matches!(ended, Err(ServerError::Panicked)), "{ended:?}");
        assert_eq!(server.status().unwrap_err(), crate::server::AskError::Stopped);
    }
}
