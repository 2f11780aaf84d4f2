//! Playing a script on the engine and on the naive world at once.

use std::collections::BTreeMap;
use std::fmt;

use filedex::{
    Database, DatasetPatch, Embedder, Error, ErrorKind, Filter, MemoryDevice, MergePolicy,
    NewDataset, NewSpace, PathThresholds, Reader, Result as Answered, StatusFilter, TextEmbedder,
    VersionRef,
};
use filedex_testkit::oracle::{DIMENSION, MODEL, Refusal, Seat, Told, World, embed};
use filedex_testkit::script::{Listing, Place, SpaceShape, Step};

/// Characters that are shown of what differs.
const SHOWN: usize = 1_500;

/// What the oracle answers a listing by: the listing itself, but for a test of shrinking.
pub type Belief = fn(&Listing) -> Listing;

/// The belief that nothing is another than it is.
pub fn truth(listing: &Listing) -> Listing {
    listing.clone()
}

/// Where the two differ.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The step.
    pub at: usize,
    /// What differs.
    pub what: String,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Items of batches, and other changes.
    pub operations: u64,
    /// Questions.
    pub questions: u64,
    /// Answers, or parts of them, that were compared.
    pub comparisons: u64,
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |all, one| Self {
            operations: all.operations + one.operations,
            questions: all.questions + one.questions,
            comparisons: all.comparisons + one.comparisons,
        })
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operations, questions, comparisons } = self;
        write!(f, "{operations} operations, {questions} questions, {comparisons} comparisons")
    }
}

/// What came of comparing; the text says what differs.
pub type Compared = Result<(), String>;

/// A database and a world that are told the same.
pub struct Player {
    device: MemoryDevice,
    /// Always there but while it is closed.
    db: Option<Database>,
    pub(super) world: World,
    pub(super) refs: BTreeMap<Seat, VersionRef>,
    /// The reader that is kept, and the world as it was.
    pub(super) held: Option<(Reader, World)>,
    pub(super) belief: Belief,
    tally: Tally,
}

impl Player {
    pub fn new(belief: Belief) -> Self {
        let device = MemoryDevice::default();
        Self {
            db: Some(open(&device, false).expect("an empty device opens")),
            device,
            world: World::default(),
            refs: BTreeMap::new(),
            held: None,
            belief,
            tally: Tally::default(),
        }
    }

    pub fn tally(&self) -> Tally {
        self.tally
    }

    pub(super) fn db(&self) -> &Database {
        self.db.as_ref().expect("it is closed only within a step")
    }

    pub(super) fn reader(&self) -> Result<Reader, String> {
        self.db().reader().map_err(|error| format!("no reader: {error}"))
    }

    /// One comparison.
    pub(super) fn same<T: PartialEq + fmt::Debug>(
        &mut self,
        what: &str,
        got: &T,
        wanted: &T,
    ) -> Compared {
        self.tally.comparisons += 1;
        if got == wanted {
            return Ok(());
        }
        let (got, wanted) = (short(got), short(wanted));
        Err(format!("{what}: the engine says {got}, the oracle {wanted}"))
    }

    /// Compares whether something is refused, and why; answers what both have.
    pub(super) fn agreed<T, W>(
        &mut self,
        what: &str,
        got: Answered<T>,
        wanted: Result<W, Refusal>,
    ) -> Result<Option<(T, W)>, String> {
        self.tally.comparisons += 1;
        match (got, wanted) {
            (Ok(got), Ok(wanted)) => Ok(Some((got, wanted))),
            (Err(error), Err(refusal)) if error.kind() == kind(refusal) => Ok(None),
            (Err(error), Err(refusal)) => {
                Err(format!("{what}: {:?} ({error}), not {refusal:?}", error.kind()))
            }
            (Err(error), Ok(_)) => Err(format!("{what}: refused ({:?}): {error}", error.kind())),
            (Ok(_), Err(refusal)) => Err(format!("{what}: not refused as {refusal:?}")),
        }
    }

    /// Plays a step.
    pub fn step(&mut self, step: &Step) -> Compared {
        self.tally.operations += step.operations();
        match step {
            Step::Ask { at, held, question } => {
                self.tally.questions += 1;
                return self.ask(at, *held, question);
            }
            Step::Hold => {
                self.held = Some((self.reader()?, self.world.clone()));
                return Ok(());
            }
            Step::Batch { at, now, items } => return self.batch(step, at, *now, items),
            Step::Embed { at, space, renew } => {
                return self.embed(step, at, space.as_deref(), *renew);
            }
            Step::CreateVersion(dataset, name) => {
                let got = self.db().create_version(dataset, name);
                let wanted = self.world.apply(step);
                if let Some((version, Told::Version(seat))) =
                    self.agreed("create_version", got, wanted)?
                {
                    self.same("the version's name", &version.version_name, name)?;
                    self.refs.insert(seat, version);
                }
                return Ok(());
            }
            _ => {}
        }
        let Some(got) = self.change(step)? else { return Ok(()) };
        let wanted = self.world.apply(step);
        self.agreed(&format!("{step:?}"), got, wanted).map(|_| ())
    }

    /// Has the engine do a step that answers nothing; `None` for one about a place that never was.
    fn change(&mut self, step: &Step) -> Result<Option<Answered<()>>, String> {
        let place = match step {
            Step::ChangeVersion(at, _)
            | Step::CreateSpace(at, _)
            | Step::ChooseSpace(at, _)
            | Step::RenameSpace(at, ..)
            | Step::DropSpace(at, _) => match self.version(at) {
                Some(version) => Some(version),
                None => return Ok(None),
            },
            _ => None,
        };
        let db = self.db();
        Ok(Some(match (step, place) {
            (Step::CreateDataset { id, name, folder }, _) => {
                let (id, folder) = (Some(id.clone()), folder.clone());
                db.create_dataset(NewDataset { id, folder, ..NewDataset::named(name) }).map(drop)
            }
            (Step::PatchDataset(dataset, patch), _) => {
                let DatasetPatch { name, folder } = patch.clone();
                db.patch_dataset(dataset, &DatasetPatch { name, folder }).map(drop)
            }
            (Step::DeleteDataset(dataset), _) => db.delete_dataset(dataset),
            (Step::DeleteVersion(dataset, name), _) => db.delete_version(dataset, name),
            (Step::ChangeVersion(_, change), Some(at)) => {
                let changed = db.change_version(&at, |version| {
                    version.name = change.name.clone().unwrap_or(version.name.clone());
                    version.description = change.description.clone().or(version.description.take());
                    version.frozen = change.frozen.unwrap_or(version.frozen);
                });
                changed.map(drop)
            }
            (Step::CreateSpace(_, shape), Some(at)) => {
                db.create_space(&at, &new_space(shape)).map(drop)
            }
            (Step::ChooseSpace(_, name), Some(at)) => db.choose_space(&at, name),
            (Step::RenameSpace(_, name, to), Some(at)) => db.rename_space(&at, name, to),
            (Step::DropSpace(_, name), Some(at)) => db.drop_space(&at, name),
            (Step::PutNotes(notes), _) => {
                db.put_notes(notes.iter().map(|(name, text)| (name, text.as_ref())))
            }
            (Step::Optimize, _) => db.optimize(),
            (Step::Compact, _) => {
                // A reader that is kept would be waited for.
                self.held = None;
                self.db().compact().map(drop)
            }
            (Step::Reopen { approximate }, _) => {
                self.held = None;
                self.db = None;
                open(&self.device, *approximate).map(|db| self.db = Some(db))
            }
            (Step::Backup, _) => return self.backup().map(|()| None),
            (Step::Check, _) => return self.check().map(|()| None),
            (Step::Rebuild, _) => return self.rebuild().map(|()| None),
            (other, _) => return Err(format!("{other:?} is no change")),
        }))
    }

    /// The engine's name of the version that was last at a place.
    pub(super) fn version(&self, at: &Place) -> Option<VersionRef> {
        self.refs.get(&self.world.seat(at)?).cloned()
    }

    fn check(&mut self) -> Compared {
        let report = self.db().check(|_, _| {}).map_err(|error| format!("check: {error}"))?;
        self.same("what check found", &report.findings, &Vec::new())?;
        let (records, vectors) = self.world_counts();
        self.same("records that check saw", &report.records, &records)?;
        self.same("vectors that check saw", &report.vectors, &vectors)?;
        let info = self.db().info().map_err(unexpected("info"))?;
        let got = info.versions.iter().map(|v| (v.version.clone(), v.active, v.deleted));
        let mut got: Vec<_> = got.collect();
        let versions = self.world.datasets().iter().flat_map(|dataset| &dataset.versions);
        let mut wanted: Vec<_> = versions
            .map(|version| {
                let of = |status| version.files.total(&Filter::All, status) as u64;
                (version.name.clone(), of(StatusFilter::Active), of(StatusFilter::Deleted))
            })
            .collect();
        got.sort();
        wanted.sort();
        self.same("what info tells of versions", &got, &wanted)
    }

    fn rebuild(&mut self) -> Compared {
        let rebuilt = self.db().rebuild(|_, _| {}).map_err(|error| format!("rebuild: {error}"))?;
        let (records, vectors) = self.world_counts();
        let got = (rebuilt.records, rebuilt.vectors, rebuilt.lost_vectors);
        self.same("what was rebuilt", &got, &(records, vectors, 0))
    }

    /// Records and vectors of all versions.
    fn world_counts(&self) -> (u64, u64) {
        let versions = self.world.datasets().iter().flat_map(|dataset| &dataset.versions);
        versions.fold((0, 0), |(records, vectors), version| {
            let held: usize = version.spaces.iter().map(|space| space.vectors.len()).sum();
            (records + version.files.records().len() as u64, vectors + held as u64)
        })
    }
}

/// The beginning of what is compared; long lists say little.
fn short(value: &impl fmt::Debug) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The model that both embed with.
pub fn model() -> impl Embedder + 'static {
    TextEmbedder::new(MODEL, DIMENSION, false, |texts: &[&str]| {
        texts.iter().map(|text| Ok(embed(text))).collect()
    })
}

/// A database whose merges and graphs come when the script says, so that it replays.
fn open(device: &MemoryDevice, approximate: bool) -> Answered<Database> {
    let builder = Database::builder()
        .merge_policy(MergePolicy::Manual)
        .cache_bytes(8 << 20)
        .embedder(model());
    let builder = if approximate {
        let early = PathThresholds { exact_rows: 12, graph_rows: 40 };
        builder.path_thresholds(early).graph_rows(Some(40))
    } else {
        builder
    };
    builder.open_device(device.clone())
}

/// The kind of error that a refusal is.
pub fn kind(refusal: Refusal) -> ErrorKind {
    match refusal {
        Refusal::BadInput => ErrorKind::BadInput,
        Refusal::BadQuery => ErrorKind::BadQuery,
        Refusal::BadCursor => ErrorKind::BadCursor,
        Refusal::StaleCursor => ErrorKind::StaleCursor,
        Refusal::NotFound => ErrorKind::NotFound,
        Refusal::Conflict => ErrorKind::Conflict,
        Refusal::ReadOnly => ErrorKind::ReadOnly,
    }
}

fn new_space(shape: &SpaceShape) -> NewSpace {
    NewSpace {
        metric: shape.metric,
        normalised: shape.normalised,
        storage: shape.storage,
        ..NewSpace::new(&shape.name, &shape.model, shape.dimension)
    }
}

/// An error of the engine in a place where none is expected.
pub fn unexpected(what: &str) -> impl Fn(Error) -> String {
    move |error| format!("{what}: {error}")
}
