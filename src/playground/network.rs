//! The network: directed links that a person can cut, slow and spoil, and the messages in flight on them.

mod on_the_way;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use self::on_the_way::OnTheWay;
use super::draw::{Draws, Purpose};
use super::record::Loss;
use super::settings::{LinkSettings, Span};
use super::snapshot::MessageId;
use crate::consensus::durable::Outbound;
use crate::types::{ClusterId, Envelope, MessageKind, NodeId, VirtualTime};

/// The cluster that every world holds: worlds do not meet.
pub const CLUSTER: ClusterId = ClusterId::new(1);

/// A message that straggles is held up by one of so many powers of two.
const STRAGGLING_POWERS: u64 = 8;
/// No message is held up for longer.
const LONGEST_STRAGGLE: Duration = Duration::from_secs(4);

/// A directed link: from, to.
pub(super) type LinkId = (NodeId, NodeId);

/// All links, and what is on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Network {
    pub(super) links: BTreeMap<LinkId, Link>,
    pub(super) partition: Vec<BTreeSet<NodeId>>,
    pub(super) in_flight: OnTheWay,
    pub(super) next_message: u64,
}

/// What is special about a link, and what was sent over it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Whether it is cut.
    pub is_cut: bool,
    /// Its own settings, where it has some.
    pub settings: Option<LinkSettings>,
    /// When the last message that keeps its order arrives: the next arrives no earlier.
    pub last_due: VirtualTime,
    /// How many messages of each kind were sent: the ordinals of the draws about them.
    pub sent: BTreeMap<MessageKind, u64>,
}

/// A message in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// What it says, and to whom.
    pub envelope: Envelope,
    /// When it was sent.
    pub sent: VirtualTime,
    /// When it arrives, or should have arrived at a frozen node.
    pub due: VirtualTime,
    /// Its place among what is due then; `None` while it waits for a frozen node, or is held.
    pub order: Option<u64>,
    /// Since when a person holds it, where one does.
    pub held: Option<VirtualTime>,
    /// The cluster that it is of: this one, unless a save says otherwise.
    pub cluster: ClusterId,
}

impl InFlight {
    /// The link that it goes over.
    pub(super) fn link(&self) -> LinkId {
        (self.envelope.from, self.envelope.to)
    }
}

/// What became of a message that was handed to the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Posted {
    pub(super) id: MessageId,
    pub(super) fate: Result<VirtualTime, Loss>,
}

impl Network {
    /// The settings of the links that have their own.
    pub(super) fn own_settings(&self) -> BTreeMap<LinkId, LinkSettings> {
        let own = self.links.iter();
        own.filter_map(|(&id, link)| Some((id, link.settings?))).collect()
    }

    /// Gives a new node its place: alone, where there is a partition.
    pub(super) fn isolate(&mut self, id: NodeId) {
        if !self.partition.is_empty() {
            self.partition.push(BTreeSet::from([id]));
        }
    }

    /// Takes a message, for an address under which its receiver is reached, or not. Gives what becomes of it, and of its second copy where there is one.
    pub(super) fn post(
        &mut self,
        now: VirtualTime,
        outbound: &Outbound<Envelope>,
        draws: Draws,
        default: LinkSettings,
        reach: Result<(), Loss>,
    ) -> (Posted, Option<Posted>) {
        self.carry(now, outbound.get(), draws, default, reach)
    }

    fn carry(
        &mut self,
        now: VirtualTime,
        envelope: &Envelope,
        draws: Draws,
        default: LinkSettings,
        reach: Result<(), Loss>,
    ) -> (Posted, Option<Posted>) {
        let id = (envelope.from, envelope.to);
        let is_parted = self.is_parted(id);
        let link = self.links.entry(id).or_default();
        let is_blocked = link.is_cut || is_parted;
        let settings = link.settings.unwrap_or(default);
        let kind = envelope.message.kind();
        let ordinal = link.sent.entry(kind).or_default();
        *ordinal += 1;
        let key = [id.0.number(), id.1.number(), kind as u64, *ordinal];
        let mut due = now.after(draws.duration(Purpose::Latency, &key, settings.latency));
        let is_late = draws.is_one_of(Purpose::Straggling, &key, settings.straggling_ppm);
        let is_held_up = is_late || draws.is_one_of(Purpose::Reordering, &key, settings.reordering_ppm);
        if is_late {
            due = due.after(straggle(draws, &key, settings.latency));
        } else if is_held_up {
            // Held up by as much again as it takes, or twice that: what follows overtakes it.
            due = due.after(draws.duration(Purpose::HoldUp, &key, settings.latency) * 2);
        } else {
            due = due.max(link.last_due);
        }
        let is_lost = draws.is_one_of(Purpose::Loss, &key, settings.loss_ppm);
        let is_doubled = draws.is_one_of(Purpose::Duplication, &key, settings.duplication_ppm);
        let fate = match (reach, is_blocked, is_lost) {
            (Err(loss), ..) => Err(loss),
            (Ok(()), true, _) => Err(Loss::Cut),
            (Ok(()), false, true) => Err(Loss::Chance),
            (Ok(()), false, false) => Ok(due),
        };
        if fate.is_ok() && !is_held_up {
            link.last_due = link.last_due.max(due);
        }
        let posted = self.launch(now, envelope, fate);
        let copy = (is_doubled && !is_blocked && reach.is_ok()).then(|| {
            let takes = draws.duration(Purpose::CopyLatency, &key, settings.latency) * 2;
            self.launch(now, envelope, Ok(now.after(takes)))
        });
        (posted, copy)
    }

    fn launch(&mut self, now: VirtualTime, envelope: &Envelope, fate: Result<VirtualTime, Loss>) -> Posted {
        let id = MessageId(self.next_message);
        self.next_message += 1;
        if let Ok(due) = fate {
            self.in_flight.push(
                id,
                InFlight {
                    envelope: envelope.clone(),
                    sent: now,
                    due,
                    order: None,
                    held: None,
                    cluster: CLUSTER,
                },
            );
        }
        Posted { id, fate }
    }

    /// Puts a copy of a message beside it, without a place among what is due. Gives its number.
    pub(super) fn copy(&mut self, message: &InFlight) -> MessageId {
        let id = MessageId(self.next_message);
        self.next_message += 1;
        let copy = InFlight {
            order: None,
            ..message.clone()
        };
        self.in_flight.push(id, copy);
        id
    }

    /// Takes a message off the wire.
    pub(super) fn take(&mut self, id: MessageId) -> Option<InFlight> {
        self.in_flight.remove(id)
    }

    /// Whether a link carries nothing: it is cut, or a wall stands in the way.
    pub(super) fn is_blocked(&self, link: LinkId) -> bool {
        let is_cut = self.links.get(&link).is_some_and(|link| link.is_cut);
        is_cut || self.is_parted(link)
    }

    /// Whether a wall stands between two nodes.
    fn is_parted(&self, (from, to): LinkId) -> bool {
        !self.partition.is_empty() && self.group_of(from) != self.group_of(to)
    }

    fn group_of(&self, node: NodeId) -> Option<usize> {
        self.partition.iter().position(|group| group.contains(&node))
    }

    /// Cuts or mends one direction.
    pub(super) fn set_cut(&mut self, link: LinkId, is_cut: bool) {
        self.links.entry(link).or_default().is_cut = is_cut;
    }

    /// Mends everything.
    pub(super) fn heal(&mut self) {
        self.partition.clear();
        for link in self.links.values_mut() {
            link.is_cut = false;
        }
    }

    /// Takes off the wire what is on a link that carries nothing any more. What is sent over it later waits for nothing
    /// of that. What is held is on no link.
    pub(super) fn drop_blocked(&mut self) -> Vec<(MessageId, InFlight)> {
        self.drop_where(|network, message| message.held.is_none() && network.is_blocked(message.link()))
    }

    /// Takes off the wire what is on its way to a node, or is held on its way there.
    pub(super) fn drop_to(&mut self, node: NodeId) -> Vec<(MessageId, InFlight)> {
        self.drop_where(|_, message| message.envelope.to == node)
    }

    fn drop_where(&mut self, is_dead: impl Fn(&Self, &InFlight) -> bool) -> Vec<(MessageId, InFlight)> {
        let blocked: Vec<MessageId> = self
            .in_flight
            .iter()
            .filter(|(_, message)| is_dead(self, message))
            .map(|(id, _)| id)
            .collect();
        for &id in &blocked {
            let link = self.in_flight.get(id).map(InFlight::link);
            if let Some(link) = link.and_then(|link| self.links.get_mut(&link)) {
                link.last_due = VirtualTime::default();
            }
        }
        blocked
            .into_iter()
            .filter_map(|id| Some((id, self.in_flight.remove(id)?)))
            .collect()
    }
}

/// For how long a message is held up that straggles: a power of two times what it may take, and up to as much again.
fn straggle(draws: Draws, key: &[u64], latency: Span) -> Duration {
    let power = u32::try_from(draws.word(Purpose::Straggle, key) % STRAGGLING_POWERS).unwrap_or_default();
    let least = latency.max().saturating_mul(1 << power).min(LONGEST_STRAGGLE / 2);
    let span = Span::new(least, least * 2).unwrap_or(latency);
    draws.duration(Purpose::HoldUp, key, span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playground::settings::Span;
    use crate::types::{Message, Term, VoteReply};

    fn envelope(from: u64, to: u64) -> Envelope {
        let message = Message::VoteReply(VoteReply::Granted);
        Envelope {
            from: NodeId::new(from),
            to: NodeId::new(to),
            term: Term::new(1),
            message,
        }
    }

    fn fates(settings: LinkSettings) -> Vec<(Posted, Option<Posted>)> {
        let mut network = Network::default();
        (0..1000)
            .map(|nanos| {
                network.carry(
                    VirtualTime::from_nanos(nanos),
                    &envelope(1, 2),
                    Draws::new(5),
                    settings,
                    Ok(()),
                )
            })
            .collect()
    }

    fn dues(fates: &[(Posted, Option<Posted>)]) -> Vec<VirtualTime> {
        fates.iter().filter_map(|(posted, _)| posted.fate.ok()).collect()
    }

    #[test]
    fn links_keep_order_unless_told_otherwise() {
        assert!(dues(&fates(LinkSettings::default())).is_sorted());
        let reordering = LinkSettings {
            reordering_ppm: 100_000,
            ..LinkSettings::default()
        };
        assert!(!dues(&fates(reordering)).is_sorted());
    }

    #[test]
    fn what_follows_overtakes_what_is_held_up() {
        let mut network = Network::default();
        let mut due = |millis, reordering_ppm| {
            let settings = LinkSettings {
                latency: Span::of_millis(millis, millis),
                reordering_ppm,
                ..LinkSettings::default()
            };
            let now = VirtualTime::default();
            let (posted, _) = network.carry(now, &envelope(1, 2), Draws::new(5), settings, Ok(()));
            posted.fate.unwrap().since(now).as_millis()
        };
        assert_eq!(due(20, 0), 20);
        assert_eq!(due(1_000, LinkSettings::ALL_PPM), 3_000);
        assert_eq!(
            due(10, 0),
            20,
            "it waits for what keeps its order, and for nothing else"
        );
    }

    #[test]
    fn a_loss_changes_no_other_message() {
        let whole = fates(LinkSettings::default());
        let lossy = fates(LinkSettings {
            loss_ppm: 300_000,
            ..LinkSettings::default()
        });
        let arrived = |(posted, _): &&(Posted, _)| posted.fate.is_ok();
        assert!((600..800).contains(&lossy.iter().filter(arrived).count()));
        for (with, without) in lossy.iter().zip(&whole).filter(|(with, _)| arrived(with)) {
            assert!(
                with.0.fate.ok() <= without.0.fate.ok(),
                "what is left waits for nothing that was lost"
            );
        }
    }

    #[test]
    fn duplicates_are_messages_of_their_own() {
        let doubled = fates(LinkSettings {
            duplication_ppm: 1_000_000,
            ..LinkSettings::default()
        });
        assert!(
            doubled
                .iter()
                .all(|(posted, copy)| copy.as_ref().is_some_and(|copy| copy.id != posted.id))
        );
    }

    #[test]
    fn nothing_waits_behind_what_a_cut_has_taken() {
        let mut network = Network::default();
        let due = |network: &mut Network, latency| {
            let settings = LinkSettings {
                latency: Span::of_millis(latency, latency),
                ..LinkSettings::default()
            };
            let now = VirtualTime::default();
            let (posted, _) = network.carry(now, &envelope(1, 2), Draws::new(5), settings, Ok(()));
            posted.fate.unwrap().since(now).as_millis()
        };
        assert_eq!(due(&mut network, 60_000), 60_000);
        assert_eq!(due(&mut network, 10), 60_000, "links keep order");
        let link = (NodeId::new(1), NodeId::new(2));
        network.set_cut(link, true);
        assert_eq!(network.drop_blocked().len(), 2);
        network.set_cut(link, false);
        assert_eq!(due(&mut network, 10), 10);
    }

    #[test]
    fn walls_and_cuts_block_and_healing_mends_both() {
        let link = |from, to| (NodeId::new(from), NodeId::new(to));
        let mut network = Network {
            partition: vec![
                BTreeSet::from([NodeId::new(1)]),
                BTreeSet::from([2, 3].map(NodeId::new)),
            ],
            ..Network::default()
        };
        network.set_cut(link(2, 3), true);
        assert!(network.is_blocked(link(1, 2)) && network.is_blocked(link(2, 3)));
        assert!(!network.is_blocked(link(3, 2)), "cut one way only");
        network.heal();
        assert!(!network.is_blocked(link(1, 2)) && !network.is_blocked(link(2, 3)));
    }
}
