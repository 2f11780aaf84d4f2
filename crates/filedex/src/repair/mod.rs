//! Saving what can be read from a damaged file.
//!
//! The damaged file is only read. A new file is made under a name of its own: what can be read is
//! copied, what is derived is made anew, the whole is checked; then it gets the name that was asked
//! for. So a repair that is cut short leaves the damaged file as it was, and at most a file that ends in
//! `.repairing-` and the process id.

mod vectors;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use filedex_store::{Loss, Options, Store, Wreck, give_whole_name};

use crate::check::CheckReport;
use crate::database::{Database, MergePolicy};
use crate::error::{Error, ErrorKind, Result};
use crate::rebuild::rebuild_version;

/// Where a repaired file is put. Nothing that is there is ever overwritten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RepairTo {
    /// Beside the damaged file: `photos.filedex` is repaired as `photos.repaired.filedex`.
    #[default]
    Beside,
    /// A new file.
    File(PathBuf),
    /// The damaged file's own place. That file is kept: `photos.filedex.damaged`.
    InPlace,
}

/// What a repair is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepairStep {
    /// Reading the damaged file's records.
    Saving,
    /// Making text indexes anew.
    Indexing,
    /// Checking the new file.
    Checking,
}

/// What a repair saved, and what is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// The repaired file.
    pub path: PathBuf,
    /// Where the damaged file is now, where the repaired one has its place.
    pub damaged: Option<PathBuf>,
    /// Datasets saved.
    pub datasets: u64,
    /// Versions saved.
    pub versions: u64,
    /// Records saved.
    pub records: u64,
    /// Embedding spaces saved.
    pub spaces: u64,
    /// Vectors saved.
    pub vectors: u64,
    /// Notes saved.
    pub notes: u64,
    /// What is lost, by kind and place.
    pub losses: Vec<Loss>,
    /// What was saved from damaged pages. It reads like something that was written; whether it is all
    /// of what was, nothing proves.
    pub doubts: Vec<Loss>,
    /// What else nothing proves, in words.
    pub unproved: Vec<String>,
}

impl RepairReport {
    /// Whether everything that was in the damaged file is in the repaired one, proved.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.losses.is_empty() && self.doubts.is_empty() && self.unproved.is_empty()
    }
}

/// Saves what can be read from a file to a new one, also from a file that cannot be opened.
///
/// Datasets, versions, records, notes, spaces and vectors are taken over wherever their pages can be
/// read; what is derived (ids, names, folders, counters, indexes) is made anew; graphs come back in the
/// background or by [`Database::optimize`]. The new file is checked as [`Database::check`] does before
/// it gets its name, so it is sound; the report says what is not in it. A file that is whole is copied,
/// and nothing is lost.
///
/// `progress` is told what is being done, the records done and all there are; where it answers `false`
/// the repair is given up. Takes about twice as long as an import, and room for a second file.
///
/// ```
/// use filedex::{Database, NewFile, RepairTo};
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("a.filedex");
/// let db = Database::create(&path)?;
/// let version = db.default_version()?;
/// let mut batch = db.batch(&version);
/// batch.create(NewFile::at("file:///a.png"));
/// batch.commit()?;
/// drop(db);
/// let report = filedex::repair(&path, &RepairTo::Beside, |_, _, _| true)?;
/// assert!(report.is_complete());
/// assert_eq!((report.records, report.path), (1, dir.path().join("a.repaired.filedex")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Conflict`] where something has the new name; [`ErrorKind::NotFound`];
/// [`ErrorKind::Locked`] while a process writes to the file; [`ErrorKind::Unsupported`] for a file of
/// another program or a newer format; [`ErrorKind::Damaged`] where nothing of a database can be found in
/// it; [`ErrorKind::Interrupted`]; [`ErrorKind::DiskFull`], [`ErrorKind::Io`].
pub fn repair(
    path: impl AsRef<Path>,
    to: &RepairTo,
    mut progress: impl FnMut(RepairStep, u64, u64) -> bool,
) -> Result<RepairReport> {
    let path = path.as_ref();
    let target = match to {
        RepairTo::Beside => beside(path),
        RepairTo::File(target) => target.clone(),
        RepairTo::InPlace => with_suffix(path, ".damaged"),
    };
    if target.symlink_metadata().is_ok() {
        let what = format!("{} already exists; move it, or choose another path", target.display());
        return Err(Error::new(ErrorKind::Conflict, what));
    }
    let wreck = Arc::new(Wreck::open(path)?);
    let place = if *to == RepairTo::InPlace { path } else { &target };
    let unnamed = with_suffix(place, &format!(".repairing-{}", std::process::id()));
    let made = make(&wreck, &unnamed, &mut progress).and_then(|mut report| {
        report.path = place.to_owned();
        if *to == RepairTo::InPlace {
            std::fs::rename(path, &target)?;
            report.damaged = Some(target.clone());
        }
        if let Err(error) = give_whole_name(&unnamed, place) {
            if *to == RepairTo::InPlace {
                std::fs::rename(&target, path)?;
            }
            return Err(error.into());
        }
        Ok(report)
    });
    // Gone already where it got its name; where it did not, the first error is the one to tell.
    let _ = std::fs::remove_file(&unnamed);
    made
}

/// Makes the whole of the new file.
fn make(
    wreck: &Arc<Wreck>,
    unnamed: &Path,
    progress: &mut impl FnMut(RepairStep, u64, u64) -> bool,
) -> Result<RepairReport> {
    let store = Store::create(unnamed, &Options::default())?;
    let saved =
        wreck.copy_into(&store, &mut |done, all| progress(RepairStep::Saving, done, all))?;
    drop(store);
    let mut report = RepairReport {
        datasets: saved.datasets,
        versions: saved.versions,
        records: saved.records,
        spaces: saved.spaces,
        notes: saved.notes,
        losses: saved.losses,
        doubts: saved.doubts,
        unproved: saved.unproved,
        ..RepairReport::default()
    };
    let builder = Database::builder().merge_policy(MergePolicy::Manual).graph_rows(None);
    let db = builder.open(unnamed)?;
    let mut done = 0;
    let versions = db.shared.snapshot()?.versions()?;
    for (_, info) in versions {
        rebuild_version(&db.shared, &info, &mut |records| {
            progress(RepairStep::Indexing, done + records, report.records);
        })?;
        done += info.active + info.deleted;
        go_on(progress(RepairStep::Indexing, done, report.records))?;
    }
    vectors::copy(wreck, &db.shared, &mut report)?;
    db.compact()?;
    let mut wanted = true;
    let check = db.check(|done, all| wanted &= progress(RepairStep::Checking, done, all))?;
    go_on(wanted)?;
    sound(&check)?;
    Ok(report)
}

fn go_on(wanted: bool) -> Result<()> {
    if wanted {
        return Ok(());
    }
    let what = "the repair was stopped before its end; nothing is left of it";
    Err(Error::new(ErrorKind::Interrupted, what))
}

/// A new file that is not sound is given to nobody.
fn sound(check: &CheckReport) -> Result<()> {
    match check.findings.first() {
        None => Ok(()),
        Some(finding) => Err(Error::new(
            ErrorKind::Damaged,
            format!(
                "what was saved is not sound: {}: {}; the damaged file is as it was, restore it from a \
                 backup",
                finding.part, finding.what
            ),
        )),
    }
}

/// `photos.filedex` is repaired as `photos.repaired.filedex`.
fn beside(path: &Path) -> PathBuf {
    match path.extension() {
        Some(extension) if extension == "filedex" => path.with_extension("repaired.filedex"),
        _ => with_suffix(path, ".repaired.filedex"),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}
