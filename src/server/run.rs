//! The thread that a server runs on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Instant;

use bytes::Bytes;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, select};

use super::apply::Applier;
use super::mailbox::{Ask, Letter, LinkId, Mailbox, Reply, Told};
use super::onlooker::Onlooker;
use super::open::Open;
use super::status::Status;
use super::streams::Streams;
use super::sync::Syncer;
use super::timers::{Due, Timers};
use super::transport::Transport;
use crate::consensus::Role;
use crate::consensus::durable::{Finished, GroupSync, Inbound, Write};
use crate::machine::StateMachine;
use crate::node::{Effects, Node, NodeError, NodeInput, Worked};
use crate::types::LocalTime;
use crate::wire::{Decoder, Limits};

/// So many letters are taken before the server acts on them.
const BATCH_MOST: usize = 4096;

/// A server at work.
pub(super) struct Engine<M, S: GroupSync, T> {
    pub(super) node: Node<M, S>,
    pub(super) effects: Effects<S>,
    pub(super) transport: T,
    pub(super) mailbox: Mailbox,
    pub(super) letters: Receiver<Letter>,
    pub(super) synced: Receiver<Finished<S>>,
    pub(super) syncer: Syncer<S>,
    pub(super) applier: Applier<M>,
    pub(super) timers: Timers,
    /// Its own clock, when it last looked.
    pub(super) now: LocalTime,
    pub(super) onlooker: Onlooker,
    pub(super) open: Open,
    /// Commands that were taken in and not absorbed yet: the last that were asked for.
    pub(super) commands: Vec<Bytes>,
    pub(super) streams: Streams,
    /// The links that bring bytes.
    pub(super) links: BTreeMap<LinkId, Decoder>,
}

/// What came.
enum Mail<M, S: GroupSync> {
    Letter(Letter),
    Synced(Finished<S>),
    Worked(Box<Worked<M>>),
    /// Nobody is left who could send anything.
    Gone,
}

/// Whether a server goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    On,
    Stop,
}

/// Tells a server that its machine has made a snapshot.
struct Poke(Sender<Letter>);

impl Wake for Poke {
    fn wake(self: Arc<Self>) {
        drop(self.0.send(Letter::SnapshotMade));
    }
}

impl<M: StateMachine, S: GroupSync + 'static, T: Transport> Engine<M, S, T> {
    /// Runs until the server is told to stop, or can't go on. Gives what is left of it.
    pub(super) fn run(mut self) -> Result<Node<M, S>, NodeError<S::Error>> {
        self.carry_out()?;
        loop {
            let course = self.take_in()?;
            self.take_due()?;
            let acted = self.act()?;
            if course == Course::Stop || acted == Course::Stop {
                return Ok(self.node);
            }
        }
    }

    /// Waits for something, and takes all that is there.
    fn take_in(&mut self) -> Result<Course, NodeError<S::Error>> {
        let first = self.next().or_else(|| {
            self.transport.rest();
            self.wait()
        });
        // What came is absorbed at a time after it came.
        self.now = self.timers.now();
        let Some(mut mail) = first else {
            return Ok(Course::On);
        };
        for _ in 0..BATCH_MOST {
            let course = match mail {
                Mail::Letter(letter) => self.open_letter(letter)?,
                Mail::Synced(finished) => self.absorb(NodeInput::Synced(finished)).map(|()| Course::On)?,
                Mail::Worked(worked) => {
                    self.take_back(*worked);
                    Course::On
                }
                Mail::Gone => Course::Stop,
            };
            if course == Course::Stop {
                return Ok(course);
            }
            match self.next() {
                Some(next) => mail = next,
                None => break,
            }
        }
        self.absorb_commands()?;
        Ok(Course::On)
    }

    /// What is there already, if anything; syncs first, for others wait for them.
    fn next(&self) -> Option<Mail<M, S>> {
        if let Ok(finished) = self.synced.try_recv() {
            return Some(Mail::Synced(finished));
        }
        if self.applier.is_apart() {
            match self.applier.worked.try_recv() {
                Ok(worked) => return Some(Mail::Worked(Box::new(worked))),
                Err(TryRecvError::Disconnected) => return Some(Mail::Gone),
                Err(TryRecvError::Empty) => {}
            }
        }
        match self.letters.try_recv() {
            Ok(letter) => Some(Mail::Letter(letter)),
            Err(TryRecvError::Disconnected) => Some(Mail::Gone),
            Err(TryRecvError::Empty) => None,
        }
    }

    /// Waits until something comes, or a timer runs out.
    fn wait(&self) -> Option<Mail<M, S>> {
        let deadline = self.timers.next();
        if !self.syncer.is_apart() && !self.applier.is_apart() {
            return match self.letters.recv_deadline(deadline) {
                Ok(letter) => Some(Mail::Letter(letter)),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(Mail::Gone),
            };
        }
        select! {
            recv(self.synced) -> finished => Some(finished.map_or(Mail::Gone, Mail::Synced)),
            recv(self.applier.worked) -> worked => Some(worked.map_or(Mail::Gone, |worked| Mail::Worked(Box::new(worked)))),
            recv(self.letters) -> letter => Some(letter.map_or(Mail::Gone, Mail::Letter)),
            default(deadline.saturating_duration_since(Instant::now())) => None,
        }
    }

    fn open_letter(&mut self, letter: Letter) -> Result<Course, NodeError<S::Error>> {
        match letter {
            Letter::Command(command, reply) => self.take_command(command, reply),
            Letter::Commands(stream, first, commands) => {
                for (token, command) in (first..).zip(commands) {
                    self.take_command(command, Reply::Stream(stream, token));
                }
            }
            Letter::Message(cluster, envelope) => {
                let message = Inbound::received(*envelope);
                self.absorb(NodeInput::Receive { cluster, message })?;
            }
            Letter::Bytes(link, chunks) => self.read(link, chunks)?,
            Letter::Closed(link) => drop(self.links.remove(&link)),
            Letter::Ask(ask, reply) => self.ask(*ask, reply)?,
            Letter::Stream(stream, sender) => self.streams.begin(stream, sender),
            Letter::StreamOver(stream) => self.streams.end(stream),
            Letter::Status(sender) => {
                let status = Status::of(&self.node, self.open.count(), self.timers.now());
                drop(sender.send(status));
            }
            Letter::SnapshotMade => {}
            Letter::Shutdown => return Ok(Course::Stop),
        }
        Ok(Course::On)
    }

    /// Takes the messages out of the bytes of a link. Where they are not what a server of this cluster sends, the link is over.
    fn read(&mut self, link: LinkId, chunks: Vec<Bytes>) -> Result<(), NodeError<S::Error>> {
        let Mailbox { node, cluster, .. } = self.mailbox;
        let begin = || Decoder::new(cluster, node, Limits::default());
        let mut decoder = self.links.remove(&link).unwrap_or_else(begin);
        for chunk in chunks {
            decoder.feed(chunk);
        }
        while let Ok(Some(message)) = decoder.next_message() {
            self.absorb(NodeInput::Receive { cluster, message })?;
        }
        self.links.insert(link, decoder);
        Ok(())
    }

    /// Commands wait for those that come right behind them.
    fn take_command(&mut self, command: Bytes, reply: Reply) {
        self.open.add(reply);
        self.commands.push(command);
    }

    /// Absorbs the commands that were taken in. Nothing else was asked for since the first of them, so their ids follow each other.
    fn absorb_commands(&mut self) -> Result<(), NodeError<S::Error>> {
        if self.commands.is_empty() {
            return Ok(());
        }
        let commands = std::mem::take(&mut self.commands);
        let first = self.open.last_of(commands.len());
        self.absorb(NodeInput::ProposeMany { first, commands })
    }

    fn ask(&mut self, ask: Ask, reply: Reply) -> Result<(), NodeError<S::Error>> {
        self.absorb_commands()?;
        let id = self.open.add(reply);
        self.absorb(match ask {
            Ask::OpenSession(timeout) => NodeInput::OpenSession { id, timeout },
            Ask::CloseSession(session) => NodeInput::CloseSession { id, session },
            Ask::ProposeIn(guarded) => NodeInput::ProposeIn { id, guarded },
            Ask::Read(way, query) => NodeInput::Read { id, way, query },
            Ask::Reconfigure(change) => NodeInput::Reconfigure { id, change },
            Ask::Transfer(target) => NodeInput::Transfer { id, target },
        })
    }

    fn take_due(&mut self) -> Result<(), NodeError<S::Error>> {
        while let Some(due) = self.timers.take_due() {
            self.absorb(match due {
                Due::Election => NodeInput::ElectionTimeout,
                Due::Heartbeat => NodeInput::HeartbeatTimeout,
                Due::Gossip => NodeInput::Gossip {
                    draw: fastrand::u64(..),
                },
            })?;
        }
        self.finish_snapshot()
    }

    /// A snapshot that the machine has made is handed to the algorithm. Where it is still at it, it pokes the server when it is done.
    fn finish_snapshot(&mut self) -> Result<(), NodeError<S::Error>> {
        if self.node.taking().is_none() {
            return Ok(());
        }
        let waker = Waker::from(Arc::new(Poke(self.mailbox.letters.clone())));
        if self.node.is_snapshot_made(&mut Context::from_waker(&waker)) {
            self.absorb(NodeInput::FinishSnapshot)?;
        }
        Ok(())
    }

    fn absorb(&mut self, input: NodeInput<S>) -> Result<(), NodeError<S::Error>> {
        self.node
            .absorb(self.now, input, &mut self.effects, &mut self.onlooker)
    }

    fn take_back(&mut self, worked: Worked<M>) {
        let (effects, onlooker) = (&mut self.effects, &mut self.onlooker);
        self.node.take_back(self.now, worked, effects, onlooker);
    }

    /// Acts on all that was taken in, until nothing more follows at once. It stops where it needs its machine, and that has panicked.
    fn act(&mut self) -> Result<Course, NodeError<S::Error>> {
        loop {
            if self.node.misses_its_machine() {
                let Ok(worked) = self.applier.wait() else {
                    return Ok(Course::Stop);
                };
                self.take_back(worked);
            }
            self.node.act(self.now, &mut self.effects, &mut self.onlooker)?;
            let is_more = self.carry_out()?;
            if let Some(work) = self.node.take_work() {
                self.applier.begin(work);
            }
            if !is_more {
                return Ok(Course::On);
            }
        }
    }

    /// Whether it may as well wait for its disk with this write: it follows, no other write is under way, the leader sent one entry, and nothing
    /// has come since. To hand the sync to the thread and to hear of its end takes two hops, and who has one command open waits for them.
    fn may_wait_for(&self, write: &Write) -> bool {
        let is_follower = matches!(self.node.state().role, Role::Follower(_));
        let is_small = write.append.len() == 1 && write.snapshot.is_none();
        is_follower && is_small && self.node.has_one_write_under_way() && self.letters.is_empty()
    }

    /// Does what the node wants done. Gives whether a write is durable already, so that there is more to do.
    fn carry_out(&mut self) -> Result<bool, NodeError<S::Error>> {
        let cluster = self.node.settings().cluster;
        for sent in self.effects.sent.drain(..) {
            self.transport.send(cluster, sent);
        }
        self.transport.flush();
        if let Some(change) = self.effects.election.take() {
            self.timers.change_election(change);
        }
        if let Some(change) = self.effects.heartbeat.take() {
            self.timers.change_heartbeat(change);
        }
        for (id, end) in self.effects.answers.drain(..) {
            match self.open.take(id) {
                Some(Reply::Once(sender)) => drop(sender.send(end)),
                Some(Reply::Stream(stream, token)) => self.streams.tell(stream, Told { token, end }),
                None => {}
            }
        }
        self.streams.flush();
        self.effects.routes.clear();
        self.effects.applied.clear();
        self.effects.commit = None;
        let Some((write, pending)) = self.effects.write.take() else {
            return Ok(false);
        };
        let finished = if self.may_wait_for(&write) {
            pending.sync()
        } else if let Some(finished) = self.syncer.sync(pending) {
            finished
        } else {
            return Ok(false);
        };
        self.absorb(NodeInput::Synced(finished))?;
        Ok(true)
    }
}
