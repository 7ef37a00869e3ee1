//! The operations by what they are looked up by, so that the time for each does not grow with their number.

use super::api::{Operation, Type};
use std::collections::{BTreeMap, BTreeSet, HashMap};

#[derive(Debug)]
pub struct Index {
    /// The positions of the GETs by path.
    gets: HashMap<String, usize>,
    /// The parts of paths before each id.
    collections: BTreeMap<String, BTreeSet<String>>,
}

impl Index {
    pub fn of(operations: &[Operation]) -> Self {
        let (mut gets, mut collections) = (HashMap::new(), BTreeMap::<String, BTreeSet<String>>::new());
        for (at, op) in operations.iter().enumerate() {
            if op.method == "GET" {
                gets.entry(op.path.clone()).or_insert(at);
            }
            for param in &op.path_params {
                let Type::Id(id) = &param.ty else { continue };
                let Some((before, _)) = op.path.split_once(&format!("/{{{}}}", param.wire)) else { continue };
                let part = before.rsplit('/').next().unwrap_or(before).to_lowercase();
                collections.entry(id.clone()).or_default().insert(part);
            }
        }
        Self { gets, collections }
    }

    /// Returns the position of the GET at this path.
    pub fn get_at(&self, path: &str) -> Option<usize> {
        self.gets.get(path).copied()
    }

    /// Returns the number of different parts of paths before an id.
    pub fn collections_of(&self, id: &str) -> usize {
        self.collections.get(id).map_or(0, BTreeSet::len)
    }
}
