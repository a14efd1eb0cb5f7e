//! Which commands can be carried out now: what is wrong with one becomes a sentence, and what is right with it can be
//! expected to hold when it is carried out.

use std::collections::BTreeSet;

use crate::machine::Exhibit;
use crate::playground::clock::Clock;
use crate::playground::command::{Command, CommandError, milliseconds};
use crate::playground::network::InFlight;
use crate::playground::settings::{LinkSettings, Span};
use crate::playground::snapshot::{Condition, MessageId};
use crate::playground::world::World;
use crate::playground::world::start::NODES_MAX;
use crate::types::NodeId;

/// The most bytes in one proposed command.
const LONGEST_COMMAND: usize = 1 << 16;

/// Serial numbers stay below this one.
const LAST_SERIAL: u64 = 1 << 62;

impl<M: Exhibit + Default> World<M> {
    #[expect(clippy::too_many_lines, reason = "one arm for each command, and nothing else")]
    pub(super) fn check(&self, command: &Command) -> Result<(), CommandError> {
        match command {
            Command::Propose { to: None, command } => {
                check_length(command)?;
                self.leader().map(|_| ()).ok_or(CommandError::NoLeader)
            }
            Command::Propose {
                to: Some(id),
                command,
            } => {
                check_length(command)?;
                self.check_running(*id)
            }
            Command::OpenSession { to, timeout_ms } => {
                check_setting(
                    *timeout_ms > 0 && milliseconds(*timeout_ms) <= Span::LONGEST,
                    "a session lasts from 1 ms to an hour unused",
                )?;
                self.check_asked(*to)
            }
            Command::CloseSession { to, .. } => self.check_asked(*to),
            Command::ProposeIn {
                to, serial, command, ..
            } => {
                check_length(command)?;
                check_setting(
                    serial.is_none_or(|serial| (1..LAST_SERIAL).contains(&serial.number())),
                    "serial numbers count from 1",
                )?;
                self.check_asked(*to)
            }
            Command::Retry { to } => {
                self.clients.last.as_ref().ok_or(CommandError::NothingToRetry)?;
                self.check_asked(*to)
            }
            Command::Read { at: None, query, .. } => {
                check_length(query)?;
                self.check_leader().map(drop)
            }
            Command::Read {
                at: Some(id), query, ..
            } => {
                check_length(query)?;
                self.check_up(*id)
            }
            Command::Crash(id) => self.check_running(*id),
            Command::CutPower(id)
            | Command::Tear(id)
            | Command::Readdress(id)
            | Command::DiskFault { node: id, .. } => self.check_exists(*id),
            Command::Restart(id) => match self.condition(*id)? {
                Condition::Down => Ok(()),
                Condition::Up | Condition::Frozen => Err(CommandError::Up(*id)),
            },
            Command::Freeze(id) | Command::FireTimer(id) | Command::Snapshot(id) => self.check_up(*id),
            Command::Compact { entries, bytes, .. } => check_setting(
                *entries != Some(0) && *bytes != Some(0),
                "snapshots are at least one entry apart",
            ),
            Command::Chunk { bytes } => {
                check_setting(*bytes > 0, "a piece of a snapshot has at least one byte")
            }
            Command::Thaw(id) => match self.condition(*id)? {
                Condition::Frozen => Ok(()),
                Condition::Up => Err(CommandError::NotFrozen(*id)),
                Condition::Down => Err(CommandError::Down(*id)),
            },
            Command::Transfer(target) => {
                self.check_exists(*target)?;
                let leader = self.check_leader()?;
                if leader == *target {
                    Err(CommandError::Leads(leader))
                } else {
                    Ok(())
                }
            }
            Command::LoseRoute { at, of } if at == of => Err(CommandError::OwnRoute(*at)),
            Command::LoseRoute { at, of } => self.check_exists(*at).and_then(|()| self.check_exists(*of)),
            Command::Join | Command::JoinVia(_) if self.nodes.len() as u64 >= NODES_MAX => {
                Err(CommandError::TooMany(NODES_MAX))
            }
            Command::Join => self.check_leader().map(drop),
            Command::JoinVia(seed) => self.check_up(*seed),
            Command::Promote(_) | Command::Demote(_) | Command::Remove(_) | Command::Reconfigure { .. } => {
                self.check_named(command)?;
                self.check_leader().map(drop)
            }
            Command::Via { node, command } => {
                self.check_named(command)?;
                self.check_up(*node)
            }
            Command::TieTimers(ids) => {
                ids.iter().try_for_each(|id| self.check_exists(*id))?;
                self.check_timers(ids)
            }
            Command::SpreadTimers => self.check_timers(&[]),
            Command::Partition(groups) => self.check_groups(groups),
            Command::CutOnly(links) => links
                .iter()
                .try_for_each(|(from, to)| self.check_link(*from, *to)),
            Command::Cut { from, to }
            | Command::Mend { from, to }
            | Command::CutOneWay { from, to }
            | Command::MendOneWay { from, to } => self.check_link(*from, *to),
            Command::Link { from, to, settings } => self.check_links(*from, *to, settings),
            Command::Disk { node, .. } => node.iter().try_for_each(|id| self.check_exists(*id)),
            Command::Drift { node, ppm } => {
                self.check_exists(*node)?;
                check_setting(
                    ppm.unsigned_abs() <= Clock::MOST_PPM.unsigned_abs(),
                    "a clock runs off by 90 % at most, fast or slow",
                )
            }
            Command::ElectionTimeout { min_ms, max_ms } => {
                let span = Span::new(milliseconds(*min_ms), milliseconds(*max_ms));
                check_setting(
                    *min_ms > 0 && span.is_some(),
                    "election timeouts go from 1 ms to an hour, shortest first",
                )
            }
            Command::Heartbeat { every_ms } => {
                let is_valid = *every_ms > 0 && milliseconds(*every_ms) <= Span::LONGEST;
                check_setting(is_valid, "heartbeats are 1 ms to an hour apart")
            }
            Command::Batch { entries } => check_setting(*entries > 0, "a request carries at least one entry"),
            Command::Drop(message) | Command::Duplicate(message) => self.check_in_flight(*message).map(drop),
            Command::Hold(message) => self.check_not_arrived(*message, Err(CommandError::Held(*message))),
            Command::Deliver(message) => self.check_not_arrived(*message, Ok(())),
            Command::Release(message) => match self.check_in_flight(*message)?.held {
                Some(_) => Ok(()),
                None => Err(CommandError::NotHeld(*message)),
            },
            Command::FinishWrite(id) => {
                self.check_up(*id)?;
                check_there(!self.nodes[id].syncs.is_empty(), CommandError::NoWrite(*id))
            }
            Command::FinishSnapshot(id) => {
                self.check_up(*id)?;
                check_there(self.nodes[id].taking.is_some(), CommandError::NoSnapshot(*id))
            }
            Command::GossipNow(id) => {
                self.check_up(*id)?;
                check_there(self.nodes[id].gossip.is_some(), CommandError::NoGossip(*id))
            }
            Command::Load(Some(load)) => {
                load.check().map_err(CommandError::Setting)?;
                load.at.map_or(Ok(()), |node| self.check_exists(node))?;
                check_setting(
                    M::sample_query(0).is_some() && M::sample_command(0, 1).is_some(),
                    "this state machine has no commands and questions of its own to offer: its clients are people",
                )
            }
            Command::Heal
            | Command::Load(None)
            | Command::Manual(_)
            | Command::UncommittedLimit { .. }
            | Command::AutoPromote(_)
            | Command::Reroute(_)
            | Command::Gossip(_)
            | Command::PreVote(_)
            | Command::CheckQuorum(_)
            | Command::Lease(_)
            | Command::Break(_)
            | Command::Keep(_) => Ok(()),
        }
    }

    /// Whether all whom a change of the membership or a transfer names are there.
    fn check_named(&self, command: &Command) -> Result<(), CommandError> {
        if let Command::Promote(id) | Command::Demote(id) | Command::Remove(id) | Command::Transfer(id) =
            command
        {
            self.check_exists(*id)
        } else if let Command::Reconfigure { voters, learners } = command {
            let mut named = voters.iter().chain(learners);
            named.try_for_each(|id| self.check_exists(*id))
        } else {
            let sentence = "only a change of the membership or a transfer can be asked for at a node";
            Err(CommandError::Setting(sentence))
        }
    }

    fn check_up(&self, id: NodeId) -> Result<(), CommandError> {
        match self.condition(id)? {
            Condition::Up => Ok(()),
            Condition::Frozen => Err(CommandError::Frozen(id)),
            Condition::Down => Err(CommandError::Down(id)),
        }
    }

    /// A node that a client can ask now: the one it names, or the leader.
    fn check_asked(&self, to: Option<NodeId>) -> Result<(), CommandError> {
        match to {
            Some(id) => self.check_up(id),
            None => self.check_leader().map(drop),
        }
    }

    /// A leader that can be asked for something now.
    fn check_leader(&self) -> Result<NodeId, CommandError> {
        let leader = self.leader().ok_or(CommandError::NoLeader)?;
        match self.condition(leader)? {
            Condition::Frozen => Err(CommandError::Frozen(leader)),
            Condition::Up | Condition::Down => Ok(leader),
        }
    }

    fn check_timers(&self, ids: &[NodeId]) -> Result<(), CommandError> {
        if self.election_timers(ids).is_empty() {
            Err(CommandError::NoTimer)
        } else {
            Ok(())
        }
    }

    fn check_exists(&self, id: NodeId) -> Result<(), CommandError> {
        self.condition(id).map(|_| ())
    }

    fn check_running(&self, id: NodeId) -> Result<(), CommandError> {
        match self.condition(id)? {
            Condition::Up | Condition::Frozen => Ok(()),
            Condition::Down => Err(CommandError::Down(id)),
        }
    }

    fn condition(&self, id: NodeId) -> Result<Condition, CommandError> {
        let server = self
            .nodes
            .get(&id)
            .ok_or(CommandError::NoSuchNode(id, self.nodes.len()))?;
        Ok(server.condition)
    }

    fn check_in_flight(&self, id: MessageId) -> Result<&InFlight, CommandError> {
        let in_flight = self.network.in_flight.get(id);
        in_flight.ok_or(CommandError::NoSuchMessage(id))
    }

    /// A message that has not arrived yet; where it is held, the verdict is `held`.
    fn check_not_arrived(&self, id: MessageId, held: Result<(), CommandError>) -> Result<(), CommandError> {
        let message = self.check_in_flight(id)?;
        match (message.held, message.order) {
            (Some(_), _) => held,
            (None, Some(_)) => Ok(()),
            (None, None) => Err(CommandError::Arrived(id, message.envelope.to)),
        }
    }

    fn check_link(&self, from: NodeId, to: NodeId) -> Result<(), CommandError> {
        self.check_exists(from)?;
        self.check_exists(to)?;
        if from == to {
            Err(CommandError::SelfLink(from))
        } else {
            Ok(())
        }
    }

    fn check_links(
        &self,
        from: Option<NodeId>,
        to: Option<NodeId>,
        settings: &LinkSettings,
    ) -> Result<(), CommandError> {
        match (from, to) {
            (Some(from), Some(to)) => self.check_link(from, to)?,
            (Some(end), None) | (None, Some(end)) => self.check_exists(end)?,
            (None, None) => {}
        }
        check_setting(
            settings.is_valid(),
            "a share of messages is at most 1000000 ppm, which is all of them",
        )
    }

    fn check_groups(&self, groups: &[Vec<NodeId>]) -> Result<(), CommandError> {
        let mut seen = BTreeSet::new();
        groups.iter().flatten().try_for_each(|&id| {
            self.check_exists(id)?;
            if seen.insert(id) {
                Ok(())
            } else {
                Err(CommandError::TwoGroups(id))
            }
        })
    }
}

fn check_length(command: &str) -> Result<(), CommandError> {
    check_setting(
        command.len() <= LONGEST_COMMAND,
        "a command has at most 65536 bytes",
    )
}

fn check_there(is_there: bool, otherwise: CommandError) -> Result<(), CommandError> {
    if is_there { Ok(()) } else { Err(otherwise) }
}

fn check_setting(is_valid: bool, sentence: &'static str) -> Result<(), CommandError> {
    if is_valid {
        Ok(())
    } else {
        Err(CommandError::Setting(sentence))
    }
}
