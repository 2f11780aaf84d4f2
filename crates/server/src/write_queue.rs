//! Writes, committed together: while one commit is being written to the disk, the requests that
//! arrive wait, and are the next commit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use std::sync::mpsc::{Receiver, Sender, channel};

use filedex::{
    Database, DetailsUpdate, Error, ErrorKind, FileId, FileUpdate, ItemOutcome, NewFile,
    VersionRef, limits,
};
use tokio::sync::oneshot;

/// Items that a commit takes from several requests; one request's are never parted.
const COMMIT_ITEMS: usize = 10_000;

/// One item of a request.
#[derive(Debug)]
pub(crate) enum Write {
    Create(Box<NewFile>),
    Update(FileId, Box<FileUpdate>),
    Details(FileId, Box<DetailsUpdate>),
    Delete(FileId),
    Purge(FileId),
}

/// Why a commit failed; shared by the requests whose items were in it.
#[derive(Clone, Debug)]
pub(crate) struct WriteError {
    pub kind: ErrorKind,
    pub message: String,
}

impl From<&Error> for WriteError {
    fn from(error: &Error) -> Self {
        Self { kind: error.kind(), message: error.to_string() }
    }
}

type Reply = oneshot::Sender<Result<Vec<ItemOutcome>, WriteError>>;

struct Task {
    version: VersionRef,
    writes: Vec<Write>,
    reply: Reply,
}

/// The way to the thread that writes.
pub(crate) struct WriteQueue {
    tasks: Mutex<Option<Sender<Task>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl WriteQueue {
    pub fn start(database: Arc<Database>) -> Self {
        let (tasks, receiver) = channel();
        let thread = std::thread::spawn(move || run(&database, &receiver));
        Self { tasks: Mutex::new(Some(tasks)), thread: Mutex::new(Some(thread)) }
    }

    /// Waits until all that was asked to be written is written, and takes no more.
    pub fn finish(&self) {
        drop(lock(&self.tasks).take());
        if let Some(thread) = lock(&self.thread).take() {
            // A panic there was told to whoever waited.
            let _ = thread.join();
        }
    }

    /// Commits the items of one request; each has its outcome, in order. Once it is called, they are
    /// written even if nobody waits for the answer.
    pub async fn commit(
        &self,
        version: VersionRef,
        writes: Vec<Write>,
    ) -> Result<Vec<ItemOutcome>, WriteError> {
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let (reply, answer) = oneshot::channel();
        let gone = || WriteError {
            kind: ErrorKind::Io,
            message: "the thread that writes has ended; restart the server".to_owned(),
        };
        let tasks = lock(&self.tasks).clone().ok_or_else(gone)?;
        tasks.send(Task { version, writes, reply }).map_err(|_| gone())?;
        drop(tasks);
        answer.await.map_err(|_| gone())?
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(database: &Database, tasks: &Receiver<Task>) {
    let mut next = tasks.recv().ok();
    while let Some(first) = next.take() {
        let version = first.version.clone();
        let mut items = first.writes.len();
        let mut together = vec![first];
        while items < COMMIT_ITEMS {
            match tasks.try_recv() {
                // More than the library takes at once would fail those of others too.
                Ok(task)
                    if task.version == version
                        && items + task.writes.len() <= limits::BATCH_ITEMS =>
                {
                    items += task.writes.len();
                    together.push(task);
                }
                Ok(other) => {
                    next = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        commit(database, &version, together);
        if next.is_none() {
            next = tasks.recv().ok();
        }
    }
}

fn commit(database: &Database, version: &VersionRef, tasks: Vec<Task>) {
    let mut batch = database.batch(version);
    let mut waiting = Vec::with_capacity(tasks.len());
    for task in tasks {
        waiting.push((task.writes.len(), task.reply));
        for write in task.writes {
            match write {
                Write::Create(file) => batch.create(*file),
                Write::Update(id, update) => batch.update(id, *update),
                Write::Details(id, update) => batch.update_details(id, *update),
                Write::Delete(id) => batch.delete(id),
                Write::Purge(id) => batch.purge(id),
            };
        }
    }
    // Whoever went away meanwhile needs no answer.
    match batch.commit() {
        Ok(report) => {
            let mut outcomes = report.outcomes.into_iter();
            for (items, reply) in waiting {
                let _ = reply.send(Ok(outcomes.by_ref().take(items).collect()));
            }
        }
        Err(error) => {
            let error = WriteError::from(&error);
            for (_, reply) in waiting {
                let _ = reply.send(Err(error.clone()));
            }
        }
    }
}
