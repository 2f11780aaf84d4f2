//! Lives of a database: what is done to it, commit by commit.

use std::path::Path;

use filedex::{
    Batch, Database, DatasetPatch, FileUpdate, ImportMode, MemoryDevice, MergePolicy, NewFile,
    NewSpace, NewVector, QuickRepair, Reader, Result, TagEdit, VersionRef,
};
use filedex_testkit::oracle::{ImportMode as OracleMode, Operation};
use filedex_testkit::{Generator, Seed};

use super::device::Opening;

const DIMENSION: u32 = 8;

/// A life to cut short.
pub struct Life {
    pub name: &'static str,
    pub opening: Opening,
    /// What the file holds at first.
    pub base: fn(u64) -> Vec<u8>,
    pub script: fn(&mut Living<'_>) -> Result<()>,
    /// The first state whose index is right; before it, only what is stored is compared.
    pub derived_from: usize,
    /// How many of the images are of this life, beside the others.
    pub share: u64,
    /// Whether it is lived in every test run, too.
    pub short: bool,
}

impl Life {
    /// Whether a seed gives the same calls of the disk each time.
    pub fn replays(&self) -> bool {
        self.opening.merge_policy == MergePolicy::Manual
    }
}

/// All lives, or those of every test run.
pub fn lives(all: bool) -> Vec<Life> {
    let life = |name, script, share| Life {
        name,
        opening: Opening::PLAIN,
        base: founded,
        script,
        derived_from: 0,
        share,
        short: false,
    };
    let short = |name, script, share| Life { short: true, ..life(name, script, share) };
    let old = |name, base| Life { base, derived_from: 1, ..short(name, upgrade, 2) };
    let quick = Opening { quick_repair: QuickRepair::On, ..Opening::PLAIN };
    let background = Opening { merge_policy: MergePolicy::Tiered, ..Opening::PLAIN };
    let mut lives = vec![
        short("small commits", small_commits, 8),
        life("import", import, 4),
        life("large import", large_import, 0),
        short("merges and graphs", merges, 8),
        Life { opening: background, ..short("background merges", background_merges, 6) },
        short("compaction", compaction, 5),
        life("rebuild", rebuild, 4),
        life("datasets and spaces", datasets_and_spaces, 6),
        life("growth", growth, 4),
        Life { opening: quick, ..life("quick repair", quick_repair, 6) },
        old("upgrade from format 1", |_| stored_file(1)),
        old("upgrade from format 2", |_| stored_file(2)),
    ];
    lives.retain(|life| all || life.short);
    lives
}

/// A database whose life goes on.
pub struct Living<'a> {
    pub db: Database,
    pub version: VersionRef,
    /// A reader of the newest acknowledged state, but while the file is compacted.
    pub held: Option<Reader>,
    generator: Generator,
    /// Told whenever a state is acknowledged.
    acknowledge: &'a mut dyn FnMut(&Database) -> Result<()>,
}

impl<'a> Living<'a> {
    pub fn new(
        db: Database,
        seed: u64,
        acknowledge: &'a mut dyn FnMut(&Database) -> Result<()>,
    ) -> Result<Self> {
        let version = oldest_version(&db.reader()?)?;
        let generator = Generator::new(Seed::new(seed), version.dataset_id.clone());
        let held = Some(db.reader()?);
        Ok(Self { db, version, held, generator, acknowledge })
    }

    /// One commit.
    fn commit(&mut self, fill: impl FnOnce(&mut Batch<'_>, &mut Generator)) -> Result<()> {
        let mut batch = self.db.batch(&self.version);
        batch.at(self.generator.tick());
        fill(&mut batch, &mut self.generator);
        batch.commit()?;
        self.done()
    }

    fn compact(&mut self) -> Result<()> {
        self.held = None;
        self.db.compact()?;
        self.done()
    }

    fn done(&mut self) -> Result<()> {
        (self.acknowledge)(&self.db)?;
        self.held = Some(self.db.reader()?);
        Ok(())
    }
}

/// The oldest version of the first dataset: the golden files have none that is current.
pub fn oldest_version(reader: &Reader) -> Result<VersionRef> {
    let dataset = reader.datasets()?.remove(0);
    let oldest = reader.versions(&dataset.id)?.remove(0);
    reader.version(Some(&dataset.id), Some(&oldest.id))
}

fn vector(seed: &mut Seed) -> NewVector {
    let numbers = (0..DIMENSION).map(|_| seed.below(2_001) as f32 / 1_000.0 - 1.000_5);
    NewVector::of(numbers.collect())
}

/// A generated operation; files that come mostly bring a vector.
fn operate(batch: &mut Batch<'_>, generator: &mut Generator) {
    let operation = generator.operation();
    let vectors = |generator: &mut Generator| {
        let seed = generator.seed();
        if seed.chance(70) { vec![vector(seed)] } else { Vec::new() }
    };
    match operation {
        Operation::Create(file) => batch.create_embedded(file, vectors(generator)),
        Operation::Import(file, mode) => {
            let mode = match mode {
                OracleMode::Merge => ImportMode::Merge,
                OracleMode::Replace => ImportMode::Replace,
            };
            batch.import_embedded(file, mode, vectors(generator))
        }
        Operation::Update(id, update) => batch.update(id, update),
        Operation::UpdateDetails(id, update) => batch.update_details(id, update),
        Operation::Delete(id) => batch.delete(id),
        Operation::Purge(id) => batch.purge(id),
    };
}

/// A database with a space, a few segments and 90 vectors.
fn founded(seed: u64) -> Vec<u8> {
    let device = MemoryDevice::default();
    let db = Opening::PLAIN.look(device.clone()).unwrap();
    let version = db.default_version().unwrap();
    db.create_space(&version, &NewSpace::new("s", "model", DIMENSION)).unwrap();
    let mut generator = Generator::new(Seed::new(!seed), version.dataset_id.clone());
    for files in generator.distinct_files(90).chunks(30) {
        let mut batch = db.batch(&version);
        batch.at(generator.now());
        for file in files {
            batch.create_embedded(file.clone(), vec![vector(generator.seed())]);
        }
        assert!(batch.commit().unwrap().all_succeeded());
    }
    drop(db);
    device.bytes()
}

/// The store's golden file of a format. Its blobs are no segments, so its index comes by a rebuild.
fn stored_file(format: u64) -> Vec<u8> {
    let name = format!("../store/tests/golden/format-{format}.filedex.lz4");
    let packed = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    lz4_flex::decompress_size_prepended(&packed).unwrap()
}

pub fn small_commits(living: &mut Living<'_>) -> Result<()> {
    for _ in 0..6 {
        let operations = 1 + living.generator.seed().below(4);
        living.commit(|batch, generator| {
            (0..operations).for_each(|_| operate(batch, generator));
        })?;
    }
    let uri = "oss://bucket/one/file.jpg";
    let (id, file) = (living.version.file_id(uri), NewFile::at(uri));
    let tag = |tag: &str| TagEdit { add: vec![tag.into()], remove: vec![] };
    living.commit(|batch, g| _ = batch.create_embedded(file.clone(), vec![vector(g.seed())]))?;
    living.commit(|batch, _| {
        let update = FileUpdate { tags_user: tag("beach"), ..FileUpdate::default() };
        batch.update(id, update);
    })?;
    living.commit(|batch, g| _ = batch.set_vector(id, vector(g.seed())))?;
    living.commit(|batch, _| _ = batch.delete(id))?;
    living.commit(|batch, g| _ = batch.create_embedded(file, vec![vector(g.seed())]))?;
    living.commit(|batch, _| _ = batch.remove_vector(id, None))?;
    living.commit(|batch, _| _ = batch.purge(id))
}

fn import(living: &mut Living<'_>) -> Result<()> {
    import_all(living, 400, 200)
}

/// So many records in one commit that several segments are built at once, and pages leave the cache
/// before it ends.
fn large_import(living: &mut Living<'_>) -> Result<()> {
    import_all(living, 2_500, 2_500)?;
    living.commit(operate)
}

fn import_all(living: &mut Living<'_>, files: usize, at_once: usize) -> Result<()> {
    let files = living.generator.distinct_files(files);
    for chunk in files.chunks(at_once) {
        living.commit(|batch, generator| {
            for file in chunk {
                let mut file = file.clone();
                file.uri.push_str(".more");
                let vectors = vec![vector(generator.seed())];
                batch.import_embedded(file, ImportMode::Merge, vectors);
            }
        })?;
    }
    Ok(())
}

pub fn merges(living: &mut Living<'_>) -> Result<()> {
    for _ in 0..2 {
        for _ in 0..3 {
            living.commit(|batch, generator| (0..3).for_each(|_| operate(batch, generator)))?;
        }
        living.db.optimize()?;
        living.done()?;
    }
    // The merged segments have dead records and a graph now.
    living.commit(|batch, generator| (0..20).for_each(|_| operate(batch, generator)))?;
    living.db.optimize()?;
    living.done()
}

/// Commits so many that the background merges their segments, of text and of vectors, and makes
/// graphs of them. Nothing that is compared depends on when.
fn background_merges(living: &mut Living<'_>) -> Result<()> {
    for _ in 0..18 {
        living.commit(|batch, generator| (0..4).for_each(|_| operate(batch, generator)))?;
    }
    Ok(())
}

fn quick_repair(living: &mut Living<'_>) -> Result<()> {
    small_commits(living)?;
    living.db.optimize()?;
    living.done()?;
    growth(living)?;
    living.compact()
}

pub fn compaction(living: &mut Living<'_>) -> Result<()> {
    let uris: Vec<String> = {
        let reader = living.db.reader()?;
        let all = filedex::Query::filter(filedex::Filter::All);
        let records = reader.scan(&living.version, &all)?;
        records.map(|record| Ok(record?.uri)).collect::<Result<_>>()?
    };
    let version = living.version.clone();
    for chunk in uris[..60].chunks(20) {
        living.commit(|batch, _| {
            chunk.iter().for_each(|uri| _ = batch.purge(version.file_id(uri)));
        })?;
    }
    living.compact()?;
    living.commit(operate)?;
    living.compact()
}

pub fn rebuild(living: &mut Living<'_>) -> Result<()> {
    living.commit(|batch, generator| (0..10).for_each(|_| operate(batch, generator)))?;
    living.db.rebuild(|_, _| {})?;
    living.done()?;
    living.commit(operate)?;
    living.db.optimize()?;
    living.done()
}

fn datasets_and_spaces(living: &mut Living<'_>) -> Result<()> {
    let dataset = living.version.dataset_id.clone();
    let patch = |name: Option<&str>, folder: Option<&str>| DatasetPatch {
        name: name.map(Into::into),
        folder: folder.map(Into::into),
    };
    living.db.patch_dataset(&dataset, &patch(Some("roads"), Some("/vision")))?;
    living.done()?;
    living.db.create_space(&living.version, &NewSpace::new("new", "model-2", DIMENSION))?;
    living.done()?;
    living.commit(|batch, generator| {
        for _ in 0..5 {
            let file = generator.file();
            let new = vector(generator.seed()).in_space("new");
            let vectors = vec![vector(generator.seed()), new];
            batch.import_embedded(file, ImportMode::Replace, vectors);
        }
    })?;
    living.db.choose_space(&living.version, "new")?;
    living.done()?;
    living.db.rename_space(&living.version, "s", "old")?;
    living.done()?;
    living.db.put_notes([("test/a", Some("1")), ("test/b", Some("2"))])?;
    living.done()?;
    living.db.drop_space(&living.version, "old")?;
    living.done()?;
    let first = living.version.clone();
    living.version = living.db.create_version(&dataset, "v2")?;
    living.done()?;
    living.commit(|batch, generator| (0..8).for_each(|_| operate(batch, generator)))?;
    living.db.delete_version(&dataset, &first.version_name)?;
    living.done()?;
    living.db.put_notes([("test/a", None::<&str>)])?;
    living.done()
}

/// Commits that make the file some times as large as it was.
fn growth(living: &mut Living<'_>) -> Result<()> {
    for round in 0..5 {
        living.commit(|batch, generator| {
            for n in 0..12 {
                let seed = generator.seed();
                // One word without digits, which is large to store and little to index.
                let noise = (0..4_000).map(|_| char::from(b'a' + seed.below(26) as u8)).collect();
                let file = NewFile {
                    comment: Some(noise),
                    ..NewFile::at(format!("oss://grown/{round}/{n}.jpg"))
                };
                let vectors = vec![vector(generator.seed())];
                batch.create_embedded(file, vectors);
            }
        })?;
    }
    Ok(())
}

fn upgrade(living: &mut Living<'_>) -> Result<()> {
    living.db.rebuild(|_, _| {})?;
    living.done()?;
    living.commit(|batch, _| _ = batch.create(NewFile::at("oss://b/new.jpg")))?;
    living.db.create_space(&living.version, &NewSpace::new("s", "model", DIMENSION))?;
    living.done()?;
    living.db.put_notes([("test/a", Some("1"))])?;
    living.done()
}
