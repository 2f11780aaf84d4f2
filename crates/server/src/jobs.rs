//! Jobs of a dataset version: registered in the file, run one after the other in the background.
//!
//! A job is a note of the file, so that it outlives the server; one that a stop cut short goes on
//! when the file is served again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use filedex::{
    Database, EmbedOptions, EmbedProgress, Embedder, ErrorKind, NewSpace, Reader, Timestamp,
    VersionRef, limits,
};
use serde::{Deserialize, Serialize};

use crate::notes;

/// Messages that a job keeps.
const LOGS: usize = 100;

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// Gives files vectors.
    SemanticIndex,
    /// Nothing by itself: its id is what ai tags are written under.
    IntelligentTag,
}

/// Which files a job is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// All.
    Full,
    /// Those that were not done.
    Increment,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Pending,
    Running,
    Succeeded,
    PartialFailed,
    Failed,
}

/// A job, as its note has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub id: String,
    pub dataset_id: String,
    pub version_id: String,
    pub action: Action,
    pub mode: Mode,
    /// The client's words, given back.
    pub spec: Option<String>,
    pub description: Option<String>,
    /// The model that is asked for.
    pub model: Option<String>,
    pub state: State,
    pub created: Timestamp,
    pub finished: Option<Timestamp>,
    pub total: u64,
    pub completed: u64,
    pub failed: u64,
    pub logs: Vec<String>,
}

impl Job {
    fn note(&self) -> String {
        note(&self.dataset_id, &self.id)
    }
}

fn note(dataset_id: &str, job_id: &str) -> String {
    notes::name("job", dataset_id, job_id)
}

/// The jobs of the file, and the thread that runs them.
pub(crate) struct Jobs {
    database: Arc<Database>,
    waiting: Mutex<Option<Sender<Job>>>,
    running: Arc<Running>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What is known of jobs that run and is not yet in their notes.
#[derive(Default)]
struct Running {
    stop: AtomicBool,
    progress: Mutex<HashMap<String, EmbedProgress>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(bytes: &[u8]) -> Option<Job> {
    serde_json::from_slice(bytes).ok()
}

impl Jobs {
    /// Takes up the jobs that are not done. Notes of datasets that went otherwise than through this
    /// server go with them.
    pub fn start(
        database: &Arc<Database>,
        embedders: Vec<Arc<dyn Embedder>>,
    ) -> filedex::Result<Self> {
        let (waiting, receiver) = channel();
        forget_gone(database)?;
        let mut left: Vec<Job> = database
            .reader()?
            .notes(&format!("{}job/", notes::ALL))?
            .iter()
            .filter_map(|(_, bytes)| read(bytes))
            .filter(|job| matches!(job.state, State::Pending | State::Running))
            .collect();
        left.sort_by_key(|job| job.created);
        for job in left {
            // The receiver is below, and lives.
            let _ = waiting.send(job);
        }
        let running = Arc::new(Running::default());
        let worker =
            Worker { database: Arc::clone(database), embedders, running: Arc::clone(&running) };
        let thread = std::thread::spawn(move || worker.run(&receiver));
        Ok(Self {
            database: Arc::clone(database),
            waiting: Mutex::new(Some(waiting)),
            running,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Registers a job; it runs when those before it are done.
    pub fn create(&self, mut job: Job) -> filedex::Result<String> {
        job.id = format!("dsjob-{}", uuid::Uuid::new_v4().simple());
        let id = job.id.clone();
        put(&self.database, &job)?;
        if job.action == Action::SemanticIndex
            && let Some(waiting) = &*lock(&self.waiting)
        {
            // Without its thread the job stays pending until the next start.
            let _ = waiting.send(job);
        }
        Ok(id)
    }

    /// A job of a dataset.
    pub fn get(&self, reader: &Reader, dataset_id: &str, id: &str) -> filedex::Result<Option<Job>> {
        let name = note(dataset_id, id);
        if name.len() > limits::NOTE_NAME_BYTES {
            return Ok(None);
        }
        let job = reader.note(&name)?.as_deref().and_then(read);
        Ok(job.map(|job| self.current(job)))
    }

    /// The jobs of a dataset.
    pub fn list(&self, reader: &Reader, dataset_id: &str) -> filedex::Result<Vec<Job>> {
        let notes = reader.notes(&note(dataset_id, ""))?;
        Ok(notes.iter().filter_map(|(_, bytes)| read(bytes)).map(|job| self.current(job)).collect())
    }

    /// Forgets the jobs of a dataset that is gone.
    pub fn forget(&self, dataset_id: &str) -> filedex::Result<()> {
        let notes = self.database.reader()?.notes(&note(dataset_id, ""))?;
        self.database.put_notes(notes.into_iter().map(|(name, _)| (name, None::<&[u8]>)))
    }

    fn current(&self, mut job: Job) -> Job {
        if let Some(progress) = lock(&self.running.progress).get(&job.id) {
            (job.completed, job.total) = (progress.done, progress.all);
        }
        job
    }

    /// Stops the job that runs, after the files under way, and waits for that.
    pub fn stop(&self) {
        self.running.stop.store(true, Ordering::Relaxed);
        drop(lock(&self.waiting).take());
        if let Some(thread) = lock(&self.thread).take() {
            let _ = thread.join();
        }
    }
}

/// Removes the notes of datasets that are not there.
fn forget_gone(database: &Database) -> filedex::Result<()> {
    let reader = database.reader()?;
    let there: Vec<String> = reader.datasets()?.into_iter().map(|dataset| dataset.id).collect();
    let gone: Vec<_> = reader
        .notes(notes::ALL)?
        .into_iter()
        .filter(|(name, _)| !notes::is_about_one(name, &there))
        .map(|(name, _)| (name, None::<&[u8]>))
        .collect();
    if gone.is_empty() { Ok(()) } else { database.put_notes(gone) }
}

fn put(database: &Database, job: &Job) -> filedex::Result<()> {
    // Strings, numbers and enumerations always serialise.
    let bytes = serde_json::to_vec(job).unwrap_or_default();
    database.put_notes([(job.note(), Some(bytes))])
}

/// Runs jobs.
struct Worker {
    database: Arc<Database>,
    embedders: Vec<Arc<dyn Embedder>>,
    running: Arc<Running>,
}

impl Worker {
    fn run(&self, jobs: &Receiver<Job>) {
        while let Ok(mut job) = jobs.recv() {
            if self.running.stop.load(Ordering::Relaxed) {
                return;
            }
            job.state = State::Running;
            let begun = put(&self.database, &job);
            let done = begun.map_err(|error| error.to_string()).and_then(|()| self.index(&mut job));
            lock(&self.running.progress).remove(&job.id);
            match done {
                Ok(true) => {}
                // Cut short: the note says that it runs, and the next start takes it up.
                Ok(false) => return,
                Err(reason) => {
                    job.state = State::Failed;
                    job.logs.push(reason);
                }
            }
            job.finished = Some(Timestamp::now());
            let reader = self.database.reader();
            if reader.and_then(|reader| reader.dataset(&job.dataset_id)).is_err() {
                // Its dataset was deleted meanwhile, and its note with it.
                continue;
            }
            if let Err(error) = put(&self.database, &job) {
                tracing::error!(job = job.id, %error, "a job's end could not be written");
            }
            tracing::info!(job = job.id, state = ?job.state, completed = job.completed, "job");
        }
    }

    /// Fills the space of the version; whether it came to its end.
    fn index(&self, job: &mut Job) -> Result<bool, String> {
        let text = |error: filedex::Error| error.to_string();
        let reader = self.database.reader().map_err(text)?;
        let version = reader.version(Some(&job.dataset_id), Some(&job.version_id)).map_err(text)?;
        let (embedder, space) = self.space(&reader, &version, job.model.as_deref())?;
        drop(reader);
        let options = EmbedOptions {
            space: Some(&space),
            renew: job.mode == Mode::Full,
            job_id: Some(&job.id),
            stop: Some(&self.running.stop),
            ..EmbedOptions::default()
        };
        let id = job.id.clone();
        let mut refused = Vec::new();
        let report = self
            .database
            .embed(
                &version,
                &*embedder,
                &options,
                |progress| {
                    lock(&self.running.progress).insert(id.clone(), progress);
                },
                |failure| {
                    if refused.len() < LOGS {
                        refused.push(format!("{}: {}", failure.uri, failure.reason));
                    }
                },
            )
            .map_err(text)?;
        job.logs = refused;
        job.failed = report.failed;
        job.completed = report.embedded + report.empty;
        job.total = job.completed + job.failed;
        job.state = if job.failed > 0 { State::PartialFailed } else { State::Succeeded };
        Ok(!report.stopped)
    }

    /// The model and the space: those that are asked for, else the version's chosen space and its
    /// model, else a new space of the first model.
    fn space(
        &self,
        reader: &Reader,
        version: &VersionRef,
        model: Option<&str>,
    ) -> Result<(Arc<dyn Embedder>, String), String> {
        let spaces = reader.spaces(version).map_err(|error| error.to_string())?;
        let chosen = spaces.iter().find(|summary| summary.chosen);
        let wanted = model.or(chosen.map(|summary| summary.space.model.as_str()));
        let mut models = self.embedders.iter();
        let found = match wanted {
            Some(name) => models.find(|embedder| embedder.model() == name),
            None => models.next(),
        };
        let Some(embedder) = found else {
            let names: Vec<_> = self.embedders.iter().map(|embedder| embedder.model()).collect();
            return Err(match wanted {
                Some(name) => format!("there is no model {name:?} here, only {}", names.join(", ")),
                None => "the server was started without a model".to_owned(),
            });
        };
        let embedder = Arc::clone(embedder);
        let fitting = chosen
            .into_iter()
            .chain(&spaces)
            .find(|summary| summary.space.model == embedder.model());
        if let Some(summary) = fitting {
            return Ok((embedder, summary.space.name.clone()));
        }
        let name: String = embedder.model().chars().take(limits::SPACE_NAME_BYTES / 4).collect();
        let dimension = u32::try_from(embedder.dimension()).unwrap_or(u32::MAX);
        let new = NewSpace::new(&name, embedder.model(), dimension);
        match self.database.create_space(version, &new) {
            Ok(_) => Ok((embedder, name)),
            Err(error) if error.kind() == ErrorKind::Conflict => Ok((embedder, name)),
            Err(error) => Err(error.to_string()),
        }
    }
}
