//! What comes to a server from outside: messages of other servers, and what callers ask.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use crossbeam_channel::Sender;

use super::status::Status;
use crate::consensus::ReadWay;
use crate::consensus::durable::Outbound;
use crate::node::ProposalEnd;
use crate::types::{ClusterId, Envelope, Guarded, Incarnation, MembershipChange, NodeId, SessionId};

/// Something for a server to deal with.
pub(super) enum Letter {
    /// A message of another server, of this cluster or of another.
    Message(ClusterId, Envelope),
    /// The next bytes of a link.
    Bytes(LinkId, Vec<Bytes>),
    /// No more bytes come by this link.
    Closed(LinkId),
    /// A caller wants something.
    Ask(Ask, Reply),
    /// A caller wants many commands replicated: the tokens are those from this one on.
    Commands(Vec<Bytes>, u64, Sender<Told>),
    /// Somebody wants to know how the server is.
    Status(oneshot::Sender<Status>),
    /// The snapshot that is being taken may be made.
    SnapshotMade,
    /// The server is to stop.
    Shutdown,
}

/// What a caller can ask.
pub(super) enum Ask {
    Propose(Bytes),
    OpenSession(Duration),
    CloseSession(SessionId),
    ProposeIn(Guarded),
    Read(ReadWay, Bytes),
    Reconfigure(MembershipChange),
    Transfer(NodeId),
}

/// Where an answer goes.
pub(super) enum Reply {
    /// To one who waits for this alone.
    Once(oneshot::Sender<ProposalEnd>),
    /// To one who has many open, under this token.
    Stream(u64, Sender<Told>),
}

/// What became of something that was asked of a [stream](super::Stream).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// By which the caller knows it.
    pub token: u64,
    /// How it ended.
    pub end: ProposalEnd,
}

impl Reply {
    /// Tells the caller, if it still listens.
    pub(super) fn tell(self, end: ProposalEnd) {
        match self {
            Self::Once(sender) => drop(sender.send(end)),
            Self::Stream(token, sender) => drop(sender.send(Told { token, end })),
        }
    }
}

/// A link that carries bytes to a server. No two in one process are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkId(u64);

impl LinkId {
    /// One that never was.
    #[expect(
        clippy::new_without_default,
        reason = "no two are the same, so none is the default"
    )]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Where one start of a server takes what transports bring. Clones lead to the same server.
#[derive(Clone, Debug)]
pub struct Mailbox {
    pub(super) letters: Sender<Letter>,
    /// The server that it is of.
    pub node: NodeId,
    /// Its cluster.
    pub cluster: ClusterId,
    /// Its start.
    pub incarnation: Incarnation,
}

impl Mailbox {
    /// Whether what is sent to the one comes to the other.
    pub fn is_same(&self, other: &Self) -> bool {
        self.letters.same_channel(&other.letters)
    }

    /// Brings bytes of a link: first its hello, then frames, cut anywhere.
    pub fn deliver_bytes(&self, link: LinkId, chunks: Vec<Bytes>) {
        drop(self.letters.send(Letter::Bytes(link, chunks)));
    }

    /// Says that no more bytes come by a link.
    pub fn close(&self, link: LinkId) {
        drop(self.letters.send(Letter::Closed(link)));
    }

    /// Brings a message that another server let go. It is lost where the server has stopped.
    pub fn deliver(&self, cluster: ClusterId, message: Outbound<Envelope>) {
        let letter = Letter::Message(cluster, message.into_inner());
        drop(self.letters.send(letter));
    }
}
