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
    Message(ClusterId, Box<Envelope>),
    /// The next bytes of a link.
    Bytes(LinkId, Vec<Bytes>),
    /// No more bytes come by this link.
    Closed(LinkId),
    /// A caller wants a command replicated.
    Command(Bytes, Reply),
    /// A caller wants something else.
    Ask(Box<Ask>, Reply),
    /// A client begins a stream, and has its answers sent here.
    Stream(StreamId, Sender<Vec<Told>>),
    /// It wants many commands replicated: the tokens are those from this one on.
    Commands(StreamId, u64, Vec<Bytes>),
    /// It wants no more answers.
    StreamOver(StreamId),
    /// Somebody wants to know how the server is.
    Status(oneshot::Sender<Status>),
    /// The snapshot that is being taken may be made.
    SnapshotMade,
    /// The server is to stop.
    Shutdown,
}

/// What a caller can ask, beside having a command replicated.
pub(super) enum Ask {
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
    Stream(StreamId, u64),
}

/// What became of something that was asked of a [stream](super::Stream).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// By which the caller knows it.
    pub token: u64,
    /// How it ended.
    pub end: ProposalEnd,
}

/// Declares a name of which no two in one process are the same.
macro_rules! unique {
    ($(#[$doc:meta])* $visibility:vis $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        $visibility struct $name(u64);

        impl $name {
            /// One that never was.
            pub fn unique() -> Self {
                static NEXT: AtomicU64 = AtomicU64::new(1);
                Self(NEXT.fetch_add(1, Ordering::Relaxed))
            }
        }
    };
}

unique! {
    /// A link that carries bytes to a server. No two in one process are the same.
    pub LinkId
}
unique! {
    /// A client's stream. No two in one process are the same.
    pub(super) StreamId
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
        let letter = Letter::Message(cluster, Box::new(message.into_inner()));
        drop(self.letters.send(letter));
    }
}
