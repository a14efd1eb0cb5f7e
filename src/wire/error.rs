//! Why a message can't be sent, and why a link is closed.

use crate::types::{ClusterId, NodeId};

/// What came over a link is not what a server of this cluster and version sends.
///
/// Nothing after it can be trusted to begin where a frame begins, so the link must be closed. The servers may open another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset} of the link: {fault}")]
pub struct WireError {
    /// Where: counted from the link's first byte.
    pub offset: u64,
    /// What.
    pub fault: Fault,
}

/// What is wrong with the bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The link does not begin as it must.
    #[error("refused: {0}")]
    Hello(#[from] HelloFault),
    /// A hello in the middle of a link.
    #[error("a second hello")]
    SecondHello,
    /// A frame longer than the limit.
    #[error("a frame of {length} bytes, where {limit} are the most")]
    Oversized {
        /// How long it claims to be.
        length: u64,
        /// The limit.
        limit: u32,
    },
    /// A frame too short for any kind.
    #[error("a frame of {length} bytes, too few for any")]
    Undersized {
        /// How long it claims to be.
        length: u64,
    },
    /// The bytes are not those that were sent.
    #[error("checksum {stated:08x}, but that of the frame is {computed:08x}")]
    Checksum {
        /// What the frame states.
        stated: u32,
        /// What its bytes give.
        computed: u32,
    },
    /// A frame of a kind that this version does not know.
    #[error("a frame of the unknown kind {0:#04x}")]
    Kind(u8),
    /// The frame, or the link, ends within a value.
    #[error("it ends too early")]
    EndsEarly,
    /// The frame goes on behind its last value.
    #[error("{0} bytes too many")]
    TooManyBytes(usize),
    /// A number of more than 64 bits, or of more bytes than it needs.
    #[error("a number that nobody writes so")]
    Number,
    /// A byte that should say which of several things follows.
    #[error("{found} where {what} was due")]
    Code {
        /// What it should say.
        what: &'static str,
        /// What it says.
        found: u64,
    },
    /// A list with more elements than the limit, or than the rest of the frame can hold; or a run of no entries.
    #[error("{found} elements, where {most} are the most")]
    Count {
        /// How many it claims to have.
        found: u64,
        /// How many it can have.
        most: u64,
    },
    /// A run without entries, or a request of entries without a run.
    #[error("a run of no entries")]
    NoEntries,
    /// A set whose elements are not in ascending order.
    #[error("a set that is not in order")]
    Order,
    /// Entries past the largest index.
    #[error("entries past the largest index")]
    PastTheEnd,
    /// A text that is no address.
    #[error("a text that is no address")]
    Address,
    /// A part of a second that is a second or longer.
    #[error("{0} nanoseconds beside whole seconds")]
    Nanos(u64),
}

/// Why a link is refused at its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelloFault {
    /// The bytes are of another protocol, or of the middle of a link.
    #[error("it does not begin with a hello")]
    Missing,
    /// The sender speaks another version.
    #[error("it speaks version {found}, this server version {supported}")]
    Version {
        /// The sender's.
        found: u16,
        /// The one that this build speaks.
        supported: u16,
    },
    /// The sender belongs to another cluster.
    #[error("it is of cluster {found}, this is a server of cluster {expected}")]
    Cluster {
        /// The sender's.
        found: ClusterId,
        /// Ours.
        expected: ClusterId,
    },
    /// The sender takes this server for another: its route is old.
    #[error("it is for {found}, this is {expected}")]
    Receiver {
        /// Whom it is for.
        found: NodeId,
        /// Who we are.
        expected: NodeId,
    },
    /// The sender has this server's own id.
    #[error("it is from {0}, which is this server")]
    Ourselves(NodeId),
}

/// Why a message can't be put on a wire. It is dropped, as if the network had lost it; the link goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// Longer than a frame may be.
    #[error("a frame of {length} bytes, where {limit} are the most")]
    TooLong {
        /// How long it would be.
        length: u64,
        /// The limit.
        limit: u32,
    },
    /// A list with more elements than a frame may have.
    #[error("{found} elements, where {limit} are the most")]
    TooMany {
        /// How many it has.
        found: u64,
        /// The limit.
        limit: u32,
    },
    /// Entries that do not start right after the previous one, or that end past the largest index.
    #[error("entries that do not follow the previous one")]
    NotContiguous,
}
