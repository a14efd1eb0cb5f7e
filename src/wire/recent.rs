//! Frames that were just made, so that a frame for several followers is made once.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::types::{AppendRequest, Term};

/// How many. A leader sends its requests follower by follower, to each all that are due: so many may be due to one.
const MOST: usize = 16;

/// The latest frames with entries, newest last.
#[derive(Debug, Default)]
pub(super) struct Recent {
    frames: VecDeque<Made>,
}

#[derive(Debug)]
struct Made {
    term: Term,
    request: AppendRequest,
    frame: Bytes,
}

impl Made {
    /// Whether it says the same. Numbers first: they tell almost all apart. Entries are equal at once where they are shared.
    fn says(&self, term: Term, request: &AppendRequest) -> bool {
        let AppendRequest {
            previous,
            entries,
            commit,
            round,
        } = request;
        let own = &self.request;
        own.previous == *previous
            && self.term == term
            && (own.commit, own.round) == (*commit, *round)
            && own.entries.len() == entries.len()
            && own.entries == *entries
    }
}

impl Recent {
    /// The frame that says so, if it is among them.
    pub(super) fn find(&self, term: Term, request: &AppendRequest) -> Option<Bytes> {
        let made = self.frames.iter().find(|made| made.says(term, request))?;
        Some(made.frame.clone())
    }

    /// Keeps a frame, in place of the oldest.
    pub(super) fn keep(&mut self, term: Term, request: &AppendRequest, frame: &Bytes) {
        if self.frames.len() == MOST {
            self.frames.pop_front();
        }
        self.frames.push_back(Made {
            term,
            request: request.clone(),
            frame: frame.clone(),
        });
    }

    pub(super) fn forget(&mut self) {
        self.frames.clear();
    }
}
