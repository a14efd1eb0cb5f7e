//! A map by node, for the few nodes that a cluster has.

use super::NodeId;

/// Something for each of some nodes, in the order of their ids.
///
/// A cluster has few nodes, their ids mostly follow each other, and whoever handles a message looks several of them up. So they stand in
/// one row, and a node is mostly found at the place that its id says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeMap<V> {
    /// Ascending by node.
    row: Vec<(NodeId, V)>,
}

impl<V> NodeMap<V> {
    /// A map without nodes.
    pub const fn new() -> Self {
        Self { row: Vec::new() }
    }

    /// How many nodes.
    pub fn len(&self) -> usize {
        self.row.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.row.is_empty()
    }

    /// Whether it has a node.
    pub fn contains_key(&self, node: &NodeId) -> bool {
        self.place_of(*node).is_ok()
    }

    /// What it has for a node.
    #[inline]
    pub fn get(&self, node: &NodeId) -> Option<&V> {
        let place = self.place_of(*node).ok()?;
        Some(&self.row[place].1)
    }

    /// The same, to change.
    #[inline]
    pub fn get_mut(&mut self, node: &NodeId) -> Option<&mut V> {
        let place = self.place_of(*node).ok()?;
        Some(&mut self.row[place].1)
    }

    /// What it has for a node; where there is nothing, this from now on.
    #[inline]
    pub fn get_or_insert_with(&mut self, node: NodeId, make: impl FnOnce() -> V) -> &mut V {
        let place = match self.place_of(node) {
            Ok(place) => place,
            Err(place) => {
                self.row.insert(place, (node, make()));
                place
            }
        };
        &mut self.row[place].1
    }

    /// Puts something in for a node. Gives what was there.
    pub fn insert(&mut self, node: NodeId, value: V) -> Option<V> {
        match self.place_of(node) {
            Ok(place) => Some(std::mem::replace(&mut self.row[place].1, value)),
            Err(place) => {
                self.row.insert(place, (node, value));
                None
            }
        }
    }

    /// Takes a node out.
    pub fn remove(&mut self, node: &NodeId) -> Option<V> {
        let place = self.place_of(*node).ok()?;
        Some(self.row.remove(place).1)
    }

    /// Keeps the nodes for which this holds.
    pub fn retain(&mut self, mut keeps: impl FnMut(&NodeId, &mut V) -> bool) {
        self.row.retain_mut(|(node, value)| keeps(node, value));
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.row.clear();
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&NodeId, &V)> + ExactSizeIterator + Clone {
        self.row.iter().map(|(node, value)| (node, value))
    }

    /// The same, to change.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&NodeId, &mut V)> + ExactSizeIterator {
        self.row.iter_mut().map(|(node, value)| (&*node, value))
    }

    /// The nodes, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &NodeId> + ExactSizeIterator + Clone {
        self.row.iter().map(|(node, _)| node)
    }

    /// What it has for them, in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator + Clone {
        self.row.iter().map(|(_, value)| value)
    }

    /// The same, to change.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> + ExactSizeIterator {
        self.row.iter_mut().map(|(_, value)| value)
    }

    /// Where a node stands, or would.
    #[inline]
    fn place_of(&self, node: NodeId) -> Result<usize, usize> {
        let Some((first, _)) = self.row.first() else {
            return Err(0);
        };
        let guess = node.number().wrapping_sub(first.number());
        match usize::try_from(guess) {
            Ok(guess) if self.row.get(guess).is_some_and(|(found, _)| *found == node) => Ok(guess),
            Ok(_) | Err(_) => self.row.binary_search_by_key(&node, |(found, _)| *found),
        }
    }
}

impl<V> Default for NodeMap<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> std::ops::Index<&NodeId> for NodeMap<V> {
    type Output = V;

    fn index(&self, node: &NodeId) -> &V {
        self.get(node)
            .expect("whoever names a node knows that it is there")
    }
}

/// Of two for the same node, the later counts.
impl<V> FromIterator<(NodeId, V)> for NodeMap<V> {
    fn from_iter<I: IntoIterator<Item = (NodeId, V)>>(pairs: I) -> Self {
        let mut map = Self::new();
        for (node, value) in pairs {
            map.insert(node, value);
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The oracle is the standard library's map.
        #[test]
        fn it_is_a_map(steps in prop::collection::vec((1_u64..9, 0_u8..3, any::<u8>()), 0..40)) {
            let (mut map, mut oracle) = (NodeMap::new(), BTreeMap::new());
            for (number, step, value) in steps {
                let node = NodeId::new(number);
                match step {
                    0 => prop_assert_eq!(map.insert(node, value), oracle.insert(node, value)),
                    1 => prop_assert_eq!(map.remove(&node), oracle.remove(&node)),
                    _ => {
                        let own = *map.get_or_insert_with(node, || value);
                        prop_assert_eq!(own, *oracle.entry(node).or_insert(value));
                    }
                }
                prop_assert!(map.iter().eq(oracle.iter()));
                for number in 0..10 {
                    let node = NodeId::new(number);
                    prop_assert_eq!(map.get(&node), oracle.get(&node));
                }
                let pairs = oracle.iter().rev().map(|(node, value)| (*node, *value));
                prop_assert_eq!(&map, &pairs.collect());
            }
        }
    }
}
