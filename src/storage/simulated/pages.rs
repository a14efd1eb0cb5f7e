//! The bytes of a file, in pages that copies of the file share.

use std::ops::Range;
use std::sync::Arc;

/// The bytes of a page.
const PAGE: usize = 4096;

/// The bytes of a file. A clone shares every page until one of the two changes it, and zeros that were laid out and never written are one page: so
/// what many moments of a disk have in common is there once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pages {
    /// All full but the last, which is not empty.
    pages: Vec<Arc<Vec<u8>>>,
}

impl Pages {
    /// How many bytes.
    pub fn len(&self) -> usize {
        match self.pages.split_last() {
            Some((last, full)) => full.len() * PAGE + last.len(),
            None => 0,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// The bytes in one piece.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len());
        for page in &self.pages {
            bytes.extend_from_slice(page);
        }
        bytes
    }

    /// Some of the bytes: those of the range that there are.
    pub fn part(&self, range: Range<usize>) -> Vec<u8> {
        let range = range.start..range.end.min(self.len());
        let mut bytes = Vec::with_capacity(range.len());
        for (page, within) in touched(range) {
            bytes.extend_from_slice(&self.pages[page][within]);
        }
        bytes
    }

    /// Cuts the bytes, or adds zeros, to so many.
    pub fn resize(&mut self, len: usize) {
        self.pages.truncate(len.div_ceil(PAGE));
        let rest = match len % PAGE {
            0 => PAGE,
            rest => rest,
        };
        if self.pages.len() == len.div_ceil(PAGE) {
            return self.resize_last(rest);
        }
        self.resize_last(PAGE);
        let full = len.div_ceil(PAGE) - 1 - self.pages.len();
        if full > 0 {
            let zeros = Arc::new(vec![0; PAGE]);
            self.pages.extend(std::iter::repeat_n(zeros, full));
        }
        self.pages.push(Arc::new(vec![0; rest]));
    }

    /// Puts bytes down from a place on, as far as there is room for them.
    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset.saturating_add(bytes.len()).min(self.len());
        let mut bytes = bytes;
        for (page, within) in touched(offset..end) {
            let (now, later) = bytes.split_at(within.len());
            Arc::make_mut(&mut self.pages[page])[within].copy_from_slice(now);
            bytes = later;
        }
    }

    fn resize_last(&mut self, len: usize) {
        if let Some(last) = self.pages.last_mut()
            && last.len() != len
        {
            Arc::make_mut(last).resize(len, 0);
        }
    }
}

impl From<Vec<u8>> for Pages {
    fn from(bytes: Vec<u8>) -> Self {
        let pages = bytes.chunks(PAGE).map(|page| Arc::new(page.to_vec()));
        Self {
            pages: pages.collect(),
        }
    }
}

/// The pages that a range of bytes touches, and which bytes of each.
fn touched(range: Range<usize>) -> impl Iterator<Item = (usize, Range<usize>)> {
    let pages = if range.is_empty() {
        0..0
    } else {
        range.start / PAGE..range.end.div_ceil(PAGE)
    };
    pages.map(move |page| {
        let begin = page * PAGE;
        let start = range.start.max(begin) - begin;
        (page, start..range.end.min(begin + PAGE) - begin)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOST: usize = 4 * PAGE;

    /// Places around the borders of pages, mostly.
    fn place() -> impl Strategy<Value = usize> {
        let border = (0..4_usize, 0..5_usize).prop_map(|(page, off)| (page * PAGE + off).saturating_sub(2));
        prop_oneof![3 => border, 1 => 0..MOST]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The oracle is a vector; and what a clone holds does not change with what it was cloned from.
        #[test]
        fn they_are_the_bytes_of_a_file(
            steps in prop::collection::vec((0_u8..4, place(), place(), any::<u8>()), 0..20),
        ) {
            let (mut pages, mut oracle) = (Pages::default(), Vec::new());
            let mut clones = Vec::new();
            for (step, at, other, value) in steps {
                match step {
                    0 => clones.push((pages.clone(), oracle.clone())),
                    1 => {
                        pages.resize(at);
                        oracle.resize(at, 0);
                    }
                    2 => {
                        let range = at.min(oracle.len())..other.min(oracle.len());
                        let part = if range.is_empty() { &[][..] } else { &oracle[range] };
                        prop_assert_eq!(pages.part(at..other), part);
                    }
                    _ => {
                        pages.write(at, &vec![value; other]);
                        let end = (at + other).min(oracle.len());
                        if at < end {
                            oracle[at..end].fill(value);
                        }
                    }
                }
                prop_assert_eq!(pages.len(), oracle.len());
                prop_assert_eq!(&pages.to_vec(), &oracle);
                prop_assert_eq!(&pages, &Pages::from(oracle.clone()));
            }
            for (clone, oracle) in clones {
                prop_assert_eq!(clone.to_vec(), oracle);
            }
        }
    }
}
