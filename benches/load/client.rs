//! Clients that send one request after the other, each over one connection.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::figures::Figures;

/// A request as it is sent.
#[derive(Clone, Debug)]
pub struct Request(Arc<[u8]>);

impl Request {
    pub fn get(target: &str) -> Self {
        Self(format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes().into())
    }

    pub fn post(target: &str, body: &str) -> Self {
        let head = format!(
            "POST {target} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        Self((head + body).into_bytes().into())
    }
}

/// Several clients at once, for a time.
pub struct Load<'a> {
    pub address: &'a str,
    pub connections: usize,
    pub time: Duration,
}

impl Load<'_> {
    /// Sends what `request` gives for a connection and its turn, and times each answer.
    pub fn run(&self, request: impl Fn(usize, usize) -> Request + Sync) -> io::Result<Figures> {
        let over = AtomicBool::new(false);
        let started = Instant::now();
        let times = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..self.connections)
                .map(|connection| {
                    let (request, over) = (&request, &over);
                    scope.spawn(move || {
                        let mut client = Client::connect(self.address)?;
                        let mut times = Vec::new();
                        while !over.load(Ordering::Relaxed) {
                            let request = request(connection, times.len());
                            let sent = Instant::now();
                            client.ask(&request)?;
                            times.push(sent.elapsed());
                        }
                        Ok(times)
                    })
                })
                .collect();
            std::thread::sleep(self.time);
            over.store(true, Ordering::Relaxed);
            let times = clients.into_iter().map(|client| {
                client.join().unwrap_or_else(|_| Err(io::Error::other("a client panicked")))
            });
            times.collect::<io::Result<Vec<_>>>()
        })?;
        Ok(Figures::new(times.concat(), started.elapsed()))
    }
}

/// The body of one answer.
pub fn once(address: &str, request: &Request) -> io::Result<Vec<u8>> {
    let mut client = Client::connect(address)?;
    let body = client.ask(request)?;
    Ok(body.to_vec())
}

struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

impl Client {
    fn connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 1 << 20], filled: 0 })
    }

    /// Sends a request and reads the whole answer, which has to be 200; answers its body.
    fn ask(&mut self, request: &Request) -> io::Result<&[u8]> {
        self.stream.write_all(&request.0)?;
        self.filled = 0;
        let head = loop {
            self.fill()?;
            if let Some(end) = find(&self.buffer[..self.filled], b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = String::from_utf8_lossy(&self.buffer[..head]).to_lowercase();
        if !text.starts_with("http/1.1 200") {
            let told = String::from_utf8_lossy(&self.buffer[..self.filled]).into_owned();
            return Err(io::Error::other(told));
        }
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length
            .and_then(|length| length.trim().parse().ok())
            .ok_or_else(|| io::Error::other("an answer without its length"))?;
        while self.filled < head + length {
            self.fill()?;
        }
        Ok(&self.buffer[head..head + length])
    }

    fn fill(&mut self) -> io::Result<()> {
        match self.stream.read(&mut self.buffer[self.filled..])? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.filled += read;
                Ok(())
            }
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
