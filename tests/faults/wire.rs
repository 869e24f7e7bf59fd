//! HTTP/1.1 by hand, so that it can be done wrong: one request read, one answer sent in any manner.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// No server that is still alive pours longer than this.
const POURED: usize = 32 << 20;

/// One request, as far as it matters: landfall sends no bodies to the demo's servers.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Sets a header.
    pub(crate) fn set(&mut self, name: HeaderName, value: &str) {
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
}

/// How an answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As it should be.
    Whole,
    /// The connection is reset instead.
    ResetFirst,
    /// The connection ends instead, as it should at its end.
    HangUp,
    /// The connection is reset in the middle of the head.
    ResetInHead,
    /// The connection is reset in the middle of the body.
    ResetInBody,
    /// Nothing is ever sent, and the connection stays open.
    Silence,
    /// A byte a second, from the first on.
    Drip,
    /// The head at once, and then a byte a second.
    DripBody,
    /// The full length is claimed, and the connection ends after half.
    CutLength,
    /// In chunks, of which the last never comes.
    CutChunked,
    /// Far more than anybody reads, by its own word.
    Endless,
    /// Far more than anybody reads, in chunks.
    EndlessChunked,
    /// The greeting of another protocol.
    NoHttp,
}

/// A connection that can be cut off.
pub(crate) trait Line: AsyncRead + AsyncWrite + Unpin + Send {
    /// Lets the connection end with a reset instead of a farewell.
    fn spoil(&self);
}

impl Line for TcpStream {
    fn spoil(&self) {
        let _ = self.set_zero_linger();
    }
}

impl Line for TlsStream<TcpStream> {
    fn spoil(&self) {
        self.get_ref().0.spoil();
    }
}

/// One connection from landfall.
pub(crate) struct Wire(BufReader<Box<dyn Line>>);

impl Wire {
    pub(crate) fn new(line: impl Line + 'static) -> Self {
        Self(BufReader::new(Box::new(line)))
    }

    /// Reads the head of one request; `None` where the client has hung up.
    pub(crate) async fn request(&mut self) -> io::Result<Option<Request>> {
        let first = self.line().await?;
        let mut words = first.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
        let method = Method::from_bytes(method.as_bytes()).map_err(io::Error::other)?;
        let mut request = Request { method, target: target.to_owned(), headers: HeaderMap::new() };
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(':') else { return Ok(Some(request)) };
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(io::Error::other)?;
            request.headers.append(name, HeaderValue::from_str(value.trim()).map_err(io::Error::other)?);
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).await?;
        Ok(line.trim_end().to_owned())
    }

    /// Sends an answer. An error ends the connection, whoever was the one to end it.
    pub(crate) async fn send(&mut self, answer: &Answer, bodiless: bool, manner: Manner) -> io::Result<()> {
        let body = if bodiless { Bytes::new() } else { answer.body.clone() };
        let half = body.len() / 2;
        let whole = || head(answer, answer.body.len());
        match manner {
            Manner::Whole => self.write(&[whole().as_bytes(), &body].concat()).await,
            Manner::ResetFirst => self.reset(),
            Manner::HangUp => Err(io::ErrorKind::UnexpectedEof.into()),
            Manner::ResetInHead => {
                let head = whole();
                self.write(&head.as_bytes()[..head.len() / 2]).await?;
                self.reset()
            }
            Manner::ResetInBody => {
                self.write(&[whole().as_bytes(), &body[..half]].concat()).await?;
                // What was sent is to arrive before the reset does.
                tokio::time::sleep(Duration::from_millis(2)).await;
                self.reset()
            }
            Manner::Silence => std::future::pending().await,
            Manner::Drip => self.drip(&[whole().as_bytes(), &body].concat()).await,
            Manner::DripBody => {
                self.write(whole().as_bytes()).await?;
                self.drip(&body).await
            }
            Manner::CutLength => {
                self.write(&[whole().as_bytes(), &body[..half]].concat()).await?;
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Manner::CutChunked => {
                let head = chunked(answer);
                let chunk = format!("{:x}\r\n", half + 1);
                let end: &[u8] = if bodiless { b"" } else { chunk.as_bytes() };
                self.write(&[head.as_bytes(), end, &body[..half]].concat()).await?;
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Manner::Endless => {
                self.write(head(answer, 1_000_000_000_000).as_bytes()).await?;
                self.pour(&blanks(), bodiless).await
            }
            Manner::EndlessChunked => {
                self.write(chunked(answer).as_bytes()).await?;
                let chunk = [b"10000\r\n".as_slice(), &blanks(), b"\r\n"].concat();
                self.pour(&chunk, bodiless).await
            }
            Manner::NoHttp => {
                self.write(b"SSH-2.0-OpenSSH_9.9\r\n").await?;
                Err(io::ErrorKind::UnexpectedEof.into())
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }

    fn reset(&self) -> io::Result<()> {
        self.0.get_ref().spoil();
        Err(io::ErrorKind::ConnectionReset.into())
    }

    async fn drip(&mut self, bytes: &[u8]) -> io::Result<()> {
        for byte in bytes {
            self.write(&[*byte]).await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    }

    async fn pour(&mut self, part: &[u8], bodiless: bool) -> io::Result<()> {
        let parts = if bodiless { 0 } else { POURED / part.len() };
        for _ in 0..parts {
            self.write(part).await?;
        }
        if bodiless { Ok(()) } else { std::future::pending().await }
    }
}

/// A chunk of them.
fn blanks() -> Vec<u8> {
    vec![b' '; 0x10000]
}

fn head(answer: &Answer, length: usize) -> String {
    format!("{}content-length: {length}\r\n\r\n", start(answer))
}

fn chunked(answer: &Answer) -> String {
    format!("{}transfer-encoding: chunked\r\n\r\n", start(answer))
}

fn start(answer: &Answer) -> String {
    let mut head = format!("HTTP/1.1 {} As it is\r\n", answer.status);
    for (name, value) in &answer.headers {
        if name != header::CONTENT_LENGTH && name != header::TRANSFER_ENCODING {
            head.extend([name.as_str(), ": ", value.to_str().unwrap(), "\r\n"]);
        }
    }
    head
}
