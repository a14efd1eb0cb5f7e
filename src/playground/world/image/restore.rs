//! A world that goes on from an image.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use super::super::super::data_dir;
use super::super::super::draw::Draws;
use super::super::super::host::{HostKind, Hosted, Parked, Request, Response};
use super::super::super::mirror::Mirror;
use super::super::super::network::{InFlight, Network};
use super::super::super::snapshot::Condition;
use super::super::super::trace::Trace;
use super::super::start::{WorldError, lay_files, node_settings, open_folder};
use super::super::{Due, RunningTimer, Server, Slot, Waiting, World};
use super::validate::{check_snapshot, check_timer, check_writes};
use super::{ImageError, MessageImage, NodeImage, ProcessImage, TimerImage, WorldImage};
use crate::machine::Exhibit;
use crate::node::{self, Node, NodeSettings};
use crate::storage::simulated::SimulatedDisk;
use crate::types::{NodeId, VirtualTime};

impl<M: Exhibit + Default> World<M> {
    /// A world as an image has it.
    ///
    /// # Errors
    ///
    /// Where the image is none of any world; says what does not fit. The data directory is then as it was.
    pub fn restore(image: WorldImage, host: HostKind, data_dir: Option<PathBuf>) -> Result<Self, ImageError> {
        let mut world = Self::restored(image, host)?;
        if let Some(folder) = data_dir {
            data_dir::check_vacant(&folder).map_err(WorldError::from)?;
            world.lay_out(&folder)?;
        }
        Ok(world)
    }

    /// A world as an image has it, without files.
    pub(in super::super) fn restored(image: WorldImage, host: HostKind) -> Result<Self, ImageError> {
        image.validate()?;
        let mut world = Self::empty(
            Draws::new(image.seed),
            image.settings.clone(),
            image.configuration(),
            host,
        );
        world.now = image.now;
        world.trace = Trace::resume(image.next_ordinal, image.trace_hash);
        world.delivered = image.delivered;
        world.watch.go_on_from(image.violations.clone());
        world.next_order = image.next_order;
        world.next_proposal = image.next_proposal;
        world.clients = image.clients.clone();
        world.joining.clone_from(&image.joining);
        world.asking.asked = image.asking.asked;
        world.asking.next = image
            .asking
            .next
            .map(|(at, order)| world.restore_due(at, order, Due::Client));
        world.restore_network(&image);
        for node in image.nodes {
            world.restore_node(node)?;
        }
        // What the oracles find broken in a state that was made by hand stops time at once.
        world.is_halted = image.is_halted || !world.watch.news().is_empty();
        Ok(world)
    }

    /// Takes over the files of the world before it: they follow this world's disks from now on. What does not work is
    /// [complained](Self::drain_complaints) of, and the world goes on without files.
    pub fn take_files_from(&mut self, mut before: Self) {
        let folder = before.data_dir.take();
        drop(before);
        if let Some(folder) = folder
            && let Err(error) = self.lay_out(&folder)
        {
            self.complaints.push(error.to_string());
        }
    }

    /// Lays all disks onto files. The note that says whose they are is gone meanwhile, and comes back last: a folder that
    /// was left half-way is never taken for a cluster.
    fn lay_out(&mut self, folder: &Path) -> Result<(), WorldError> {
        data_dir::unmark(folder)?;
        let ids: Vec<NodeId> = self.nodes.keys().copied().collect();
        for id in ids {
            if let Some(parked) = self.server(id).parked.as_mut() {
                parked.mirror = Some(lay_files(folder, id, &mut parked.disk)?);
                continue;
            }
            let mirror = Mirror::waiting(open_folder(folder, id)?);
            if let Response::Done(Some(complaint)) = self.host.call(id, Request::Follow(mirror)) {
                self.complaints.push(complaint);
            }
        }
        data_dir::mark(
            folder,
            self.nodes.len() as u64,
            self.configuration.voters.len() as u64,
        )?;
        self.data_dir = Some(folder.to_owned());
        Ok(())
    }

    fn restore_network(&mut self, image: &WorldImage) {
        let in_flight = image.messages.iter().map(|message| {
            let MessageImage {
                id,
                ref envelope,
                sent,
                due,
                order,
                held,
                cluster,
            } = *message;
            (
                id,
                InFlight {
                    envelope: envelope.clone(),
                    sent,
                    due,
                    order,
                    held,
                    cluster,
                },
            )
        });
        self.network = Network {
            links: image.links.clone(),
            partition: image.partition.clone(),
            in_flight: in_flight.collect(),
            next_message: image.next_message.0,
        };
        for message in &image.messages {
            if let Some(order) = message.order {
                self.restore_due(message.due, order, Due::Delivery(message.id));
            }
        }
    }

    fn restore_due(&mut self, at: VirtualTime, order: u64, due: Due) -> Slot {
        let slot = Slot { at, order };
        self.queue.insert(slot, due);
        slot
    }

    fn restore_node(&mut self, image: NodeImage) -> Result<(), ImageError> {
        let NodeImage {
            id,
            incarnation,
            started,
            clock,
            attempt,
            moves,
            routes,
            gossip,
            gossips,
            disk,
            disk_settings,
            syncs_begun,
            last_sync_due,
            process,
            failure,
        } = image;
        let disk = SimulatedDisk::restore(disk).map_err(|source| ImageError::Disk { node: id, source })?;
        let settings = node_settings(
            &self.settings,
            self.configuration.clone(),
            id,
            (incarnation, started),
        );
        let mut server = Server::down(
            settings.clone(),
            Parked {
                disk,
                mirror: None,
                open_proposals: Vec::new(),
                routes,
            },
        );
        (server.disk, server.syncs_begun, server.last_sync_due) = (disk_settings, syncs_begun, last_sync_due);
        (server.failure, server.attempt, server.clock) = (failure, attempt, clock);
        server.be_moved(moves);
        server.gossips = gossips;
        server.gossip = gossip.map(|(at, order)| self.restore_due(at, order, Due::Gossip(id)));
        match process {
            None => {
                let parked = server.parked.as_ref().expect("it was just parked");
                // What is written and not synced, a power cut may still take: nobody may be told that it is safe.
                let mut durable = parked.disk.clone();
                durable.power_cut_losing_everything();
                if let Ok(recovered) = node::inspect(&settings, &durable) {
                    let persistent = node::recovered_state(&settings, recovered);
                    self.watch.started(id, &persistent);
                    self.witness.found(&persistent, persistent.log.base().index);
                    self.watch.stopped(id);
                }
            }
            Some(process) => self.restore_process(id, &mut server, process)?,
        }
        self.nodes.insert(id, server);
        Ok(())
    }

    fn restore_process(
        &mut self,
        id: NodeId,
        server: &mut Server,
        process: ProcessImage,
    ) -> Result<(), ImageError> {
        let ProcessImage {
            memory,
            writes,
            timer,
            snapshot_due,
            frozen,
        } = process;
        let Parked {
            disk, mirror, routes, ..
        } = server.parked.take().expect("it was just parked");
        let settings = NodeSettings {
            routes,
            ..server.settings.clone()
        };
        let node = Node::<M, _>::resume(settings, disk, memory);
        let node = node.map_err(|source| ImageError::Memory { node: id, source })?;
        let state = node.state();
        let times = state.validate_times(server.clock.at(self.now));
        times.map_err(|source| ImageError::Memory {
            node: id,
            source: source.into(),
        })?;
        let backlog = frozen.as_deref().unwrap_or_default();
        check_writes(id, state, &writes, backlog)?;
        check_snapshot(id, node.taking(), snapshot_due, backlog)?;
        self.watch.found(id, state);
        self.witness.found(&state.persistent, state.volatile.applied);
        (server.term, server.role) = (state.persistent.metadata.term, state.role.name());
        check_timer(id, server.role, timer.as_ref(), backlog)?;
        let taking = node.taking();
        let mut hosted = Hosted::new(id, node, mirror);
        hosted.resume_syncs(writes.iter().map(|write| (write.sequence, write.sync)));
        for write in writes {
            if let Some((at, order)) = write.due {
                let slot = self.restore_due(at, order, Due::Sync(id, write.sequence));
                server.syncs.insert(write.sequence, slot);
            }
        }
        server.taking = taking.map(|index| {
            let slot = snapshot_due.map(|(at, order)| self.restore_due(at, order, Due::Snapshot(id, index)));
            (index, slot)
        });
        if let Some(TimerImage {
            timer,
            deadline,
            order,
            duration,
        }) = timer
        {
            let slot = self.restore_due(deadline, order, Due::Timer(id, timer));
            server.timer = Some(RunningTimer {
                timer,
                slot,
                duration,
            });
        }
        server.condition = if frozen.is_some() {
            Condition::Frozen
        } else {
            Condition::Up
        };
        server.backlog = frozen
            .into_iter()
            .flatten()
            .map(Waiting::from)
            .collect::<VecDeque<_>>();
        self.host.start(id, hosted);
        Ok(())
    }
}
