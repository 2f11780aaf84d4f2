//! A file with something of everything, and all that it holds.

use std::collections::BTreeMap;
use std::path::Path;

use filedex::{
    Database, FileUpdate, MergePolicy, Metric, NewDataset, NewFile, NewSpace, NewVector, Query,
    StatusFilter, TagEdit, VectorStorage, VersionRef,
};

/// Records of the first version.
pub const FILES: usize = 260;

fn uri(n: usize) -> String {
    format!("file:///trip/{}/{n}.png", n % 5)
}

fn vector(n: usize) -> Vec<f32> {
    (0..6).map(|at| ((n * 31 + at * 7) % 101) as f32 / 50.0 - 1.0 + at as f32).collect()
}

fn space(name: &str, dimension: u32) -> NewSpace {
    NewSpace {
        metric: Metric::L2,
        normalised: false,
        storage: VectorStorage::F32,
        ..NewSpace::new(name, "model", dimension)
    }
}

/// Makes the file: two datasets, three versions, two spaces, one of them with graphs, dead documents
/// and vectors, notes and jobs. `more` records come on top.
pub fn make(path: &Path, more: usize) {
    let builder = Database::builder().merge_policy(MergePolicy::Manual).graph_rows(Some(50));
    let db = builder.create(path).unwrap();
    let first = db.default_version().unwrap();
    db.create_space(&first, &space("looks", 6)).unwrap();
    db.create_space(&first, &space("other", 3)).unwrap();
    let mut batch = db.batch(&first);
    for n in 0..FILES + more {
        let vectors = vec![
            NewVector::of(vector(n)).in_space("looks"),
            NewVector::of(vector(n)[..3].to_vec()).in_space("other"),
        ];
        batch.create_embedded(file(n), if n < FILES { vectors } else { Vec::new() });
    }
    assert!(batch.commit().unwrap().all_succeeded());
    db.optimize().unwrap();
    let mut batch = db.batch(&first);
    for n in (0..40).step_by(4) {
        let id = first.file_id(&uri(n));
        batch.update(
            id,
            FileUpdate {
                tags_user: TagEdit { add: vec!["again".into()], remove: Vec::new() },
                ..FileUpdate::default()
            },
        );
        batch.set_vector(id, NewVector::of(vector(n + 1_000)).in_space("looks"));
        batch.delete(first.file_id(&uri(n + 1)));
    }
    assert!(batch.commit().unwrap().all_succeeded());
    let trucks =
        db.create_dataset(NewDataset { name: "trucks".into(), ..NewDataset::default() }).unwrap();
    for name in ["v1", "v2"] {
        let version = match db.reader().unwrap().version(Some(&trucks.name), Some(name)) {
            Ok(version) => version,
            Err(_) => db.create_version(&trucks.name, name).unwrap(),
        };
        let mut batch = db.batch(&version);
        for n in 0..7 {
            batch.create(NewFile::at(format!("oss://trucks/{name}/{n}.jpg")));
        }
        assert!(batch.commit().unwrap().all_succeeded());
    }
    let notes = (0..30).map(|n| (format!("app/{n}"), Some(format!("note {n}"))));
    db.put_notes(notes).unwrap();
    db.compact().unwrap();
}

fn file(n: usize) -> NewFile {
    NewFile {
        comment: Some(format!("a {} picture of number {n} {}", n % 9, "and more ".repeat(20))),
        tags_user: vec![format!("tag {}", n % 3)],
        tags_ai: [("tagger".to_owned(), vec![format!("ai {}", n % 4)])].into(),
        data_size: Some(n as u64),
        ..NewFile::at(uri(n))
    }
}

/// What a file holds, each thing by its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    /// `DATASET/VERSION`, folder and name.
    pub records: BTreeMap<(String, String), String>,
    /// `DATASET/VERSION in SPACE`, folder and name.
    pub vectors: BTreeMap<(String, String), Vec<f32>>,
    pub notes: BTreeMap<String, Vec<u8>>,
    /// Datasets and versions, with what is known of them.
    pub described: Vec<String>,
}

impl Content {
    pub fn of(path: &Path) -> Self {
        let db = Database::open_read_only(path).unwrap();
        let reader = db.reader().unwrap();
        let mut content = Self::default();
        for dataset in reader.datasets().unwrap() {
            content.described.push(format!("{dataset:?}"));
            for version in reader.versions(&dataset.name).unwrap() {
                content.described.push(format!("{} {version:?}", dataset.name));
                let version = reader.version(Some(&dataset.name), Some(&version.name)).unwrap();
                content.version(&reader, &version);
            }
        }
        content.notes = reader.notes("").unwrap().into_iter().collect();
        content
    }

    fn version(&mut self, reader: &filedex::Reader, version: &VersionRef) {
        let place = format!("{}/{}", version.dataset_name, version.version_name);
        let spaces = reader.spaces(version).unwrap();
        for space in &spaces {
            let (name, chosen) = (&space.space.name, space.chosen);
            self.described.push(format!("{place} {:?} {chosen}", (name, &space.space)));
        }
        let everything = Query::parse("").unwrap().status(StatusFilter::All);
        for record in reader.scan(version, &everything).unwrap() {
            let record = record.unwrap();
            let name = format!("{}/{}", record.file_dir, record.file_name);
            let line = filedex::export::record(&record).to_string();
            for space in &spaces {
                let space = &space.space.name;
                let vector = reader.vector(version, &record.id, Some(space)).unwrap();
                if let Some(vector) = vector {
                    self.vectors.insert((format!("{place} in {space}"), name.clone()), vector);
                }
            }
            self.records.insert((place.clone(), name), line);
        }
    }
}
