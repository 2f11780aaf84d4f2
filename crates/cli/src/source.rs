//! Opening what is imported: a file or standard input, plain or compressed.
//!
//! Compression is told by the first bytes, whatever the name says: gzip (any number of members) and
//! Zstandard (any number of frames, windows up to 128 MiB, so `zstd --long=26` and `--long=27`).
//! Once the user wants an end, the input ends: what stands after the last whole batch is not read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::failure::Failure;
use crate::interrupt::Interrupt;

const BUFFER_BYTES: usize = 256 << 10;
/// Largest window of a Zstandard frame; a file that asks for more memory is refused.
const WINDOW_BYTES: u64 = 128 << 20;
/// How often a wait for standard input looks whether the user wants an end.
const POLL: Duration = Duration::from_millis(50);

/// Lines to import.
pub struct Source {
    reader: BufReader<Interruptible>,
    cut: Arc<AtomicBool>,
}

/// What is read, before it is opened: its size is what a progress bar needs.
pub enum Origin {
    /// A file and its length, where it has one.
    File(File, Option<u64>),
    /// Standard input.
    Stdin,
}

impl Origin {
    /// Finds a source: a path, or `-` for standard input.
    pub fn find(name: &str) -> Result<Self, Failure> {
        if name == "-" {
            return Ok(Self::Stdin);
        }
        let file = File::open(name).map_err(|error| Failure::io(name, error))?;
        let metadata = file.metadata().map_err(|error| Failure::io(name, error))?;
        if metadata.is_dir() {
            return Err(Failure::Failed(format!("{name} is a folder; import needs a file")));
        }
        Ok(Self::File(file, metadata.is_file().then_some(metadata.len())))
    }

    /// How many bytes there are to read, where that is known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::File(_, length) => *length,
            Self::Stdin => None,
        }
    }
}

impl Source {
    /// Opens a source; `bar` advances by the bytes read, compressed ones where they are.
    pub fn open(
        origin: Origin,
        name: &str,
        bar: &ProgressBar,
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        let raw: Box<dyn Read + Send> = match origin {
            Origin::File(file, _) => Box::new(bar.wrap_read(file)),
            Origin::Stdin => Box::new(bar.wrap_read(Pump::start(interrupt.clone()))),
        };
        let name = if name == "-" { "standard input" } else { name };
        let inner = decoded(raw).map_err(|error| Failure::io(format!("reading {name}"), error))?;
        let cut = Arc::new(AtomicBool::new(false));
        let interruptible = Interruptible {
            inner,
            name: name.to_owned(),
            interrupt: interrupt.clone(),
            cut: Arc::clone(&cut),
        };
        Ok(Self { reader: BufReader::with_capacity(BUFFER_BYTES, interruptible), cut })
    }

    /// Tells afterwards whether the input was cut short because the user wanted an end.
    pub fn cut(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.cut)
    }

    /// The lines.
    pub fn into_lines(self) -> impl BufRead + Send {
        self.reader
    }
}

fn decoded(mut raw: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut magic = Vec::with_capacity(4);
    raw.by_ref().take(4).read_to_end(&mut magic)?;
    let whole = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(magic.clone()).chain(raw));
    Ok(match magic.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(whole)),
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Box::new(Zstd::new(whole)),
        _ => Box::new(whole),
    })
}

/// Zstandard frames, one after the other.
struct Zstd<R: BufRead> {
    input: R,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl<R: BufRead> Zstd<R> {
    fn new(input: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW_BYTES);
        Self { input, decoder, in_frame: false }
    }

    /// Begins the next frame; `false` at the end.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.input.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.input) {
                Ok(()) => {
                    self.in_frame = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = self.input.by_ref().take(u64::from(length));
                    if io::copy(&mut skipped, &mut io::sink())? < u64::from(length) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(damaged(error)),
            }
        }
        Ok(false)
    }

    fn end(&mut self) -> io::Result<()> {
        self.in_frame = false;
        let promised = self.decoder.get_checksum_from_data();
        if promised.is_some() && promised != self.decoder.get_calculated_checksum() {
            return Err(damaged("the checksum of a Zstandard frame is wrong"));
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame && !self.begin()? {
                return Ok(0);
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            if self.decoder.is_finished() {
                self.end()?;
            } else {
                let blocks = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.input, blocks).map_err(damaged)?;
            }
        }
    }
}

fn damaged(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Ends when the user wants an end; names the source in errors.
struct Interruptible {
    inner: Box<dyn Read + Send>,
    name: String,
    interrupt: Interrupt,
    cut: Arc<AtomicBool>,
}

impl Read for Interruptible {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let done = if self.interrupt.is_set() { Ok(0) } else { self.inner.read(buffer) };
        // What ends a compressed input early because of the end wanted is no error of the input.
        if self.interrupt.is_set() && !matches!(done, Ok(1..)) {
            self.cut.store(true, Ordering::SeqCst);
            return Ok(0);
        }
        done.map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            kind => io::Error::new(kind, format!("reading {}: {error}", self.name)),
        })
    }
}

/// Standard input, read by a thread of its own, so that waiting for it can be given up.
struct Pump {
    receiver: Receiver<io::Result<Vec<u8>>>,
    current: Cursor<Vec<u8>>,
    interrupt: Interrupt,
}

impl Pump {
    fn start(interrupt: Interrupt) -> Self {
        let (sender, receiver) = sync_channel(8);
        // The thread ends with its input, or with the process.
        std::thread::spawn(move || {
            let mut stdin = io::stdin().lock();
            loop {
                let mut piece = vec![0; BUFFER_BYTES];
                let piece = match stdin.read(&mut piece) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Ok(0) => return,
                    Ok(read) => {
                        piece.truncate(read);
                        Ok(piece)
                    }
                    Err(error) => Err(error),
                };
                if sender.send(piece).is_err() {
                    return;
                }
            }
        });
        Self { receiver, current: Cursor::default(), interrupt }
    }
}

impl Read for Pump {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.current.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.receiver.recv_timeout(POLL) {
                Ok(piece) => self.current = Cursor::new(piece?),
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
                Err(RecvTimeoutError::Timeout) if self.interrupt.is_set() => return Ok(0),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: Vec<u8>) -> io::Result<String> {
        let mut text = String::new();
        decoded(Box::new(Cursor::new(bytes)))?.read_to_string(&mut text)?;
        Ok(text)
    }

    /// A frame with one raw block and a window of 2^`log` bytes.
    fn zstd_frame(text: &str, log: u8) -> Vec<u8> {
        let header = 1 | (u32::try_from(text.len()).unwrap() << 3);
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, (log - 10) << 3];
        frame.extend(&header.to_le_bytes()[..3]);
        frame.extend(text.as_bytes());
        frame
    }

    #[test]
    fn compression_is_told_by_the_first_bytes() {
        use flate2::{Compression, write::GzEncoder};
        use std::io::Write;
        let gzip = |text: &str| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7].to_vec();
        let cases = [
            (Vec::new(), ""),
            (b"{}".to_vec(), "{}"),
            ([gzip("one\n"), gzip("two\n")].concat(), "one\ntwo\n"),
            ([zstd_frame("one\n", 26), zstd_frame("two\n", 10)].concat(), "one\ntwo\n"),
            ([skippable, zstd_frame("one\n", 20)].concat(), "one\n"),
        ];
        for (bytes, want) in cases {
            assert_eq!(read(bytes).unwrap(), want);
        }
    }

    #[test]
    fn damage_is_an_error() {
        let mut cut = zstd_frame("one\n", 20);
        cut.pop();
        assert!(read(cut).is_err());
        assert!(read(zstd_frame("one\n", 28)).is_err());
        assert!(read(vec![0x1f, 0x8b, 8]).is_err());
        assert!(read([zstd_frame("a", 20), vec![0xff]].concat()).is_err());
    }
}
