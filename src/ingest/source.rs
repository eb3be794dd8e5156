//! From what the user named (files, folders, globs, `-`) to decompressed streams.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use xxhash_rust::xxh3::Xxh3Default;

/// The size of the reads.
const BLOCK: usize = 256 << 10;

/// A file to read.
#[derive(Debug)]
pub struct Source {
    /// How messages and the store call it.
    pub name: String,
    /// Where it is.
    pub path: SourcePath,
    /// Its bytes as they lie there (compressed).
    pub size: u64,
}

/// Where a source is.
#[derive(Debug)]
pub enum SourcePath {
    /// A file.
    File(PathBuf),
    /// Standard input, spooled into a file without a name so that it can be
    /// looked at before it is read.
    Spooled(File),
}

/// Why what the user named cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No such file or folder.
    #[error("{path}")]
    Io {
        /// What was named.
        path: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Not a glob.
    #[error("{pattern} is not a valid pattern: {reason}")]
    Pattern {
        /// What was named.
        pattern: String,
        /// Why.
        reason: String,
    },
    /// A glob or folder with no file.
    #[error("{0} has no files")]
    Empty(String),
}

/// Lists the files that the arguments name: in the order of the arguments,
/// those of a folder (with its sub-folders, without hidden files) and of a
/// glob by name. A file named twice is listed once, at its last place.
pub fn list(arguments: &[String], stdin: &mut dyn Read) -> Result<Vec<Source>, SourceError> {
    let mut sources: Vec<Option<Source>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for argument in arguments {
        if argument == "-" {
            sources.push(Some(spool(stdin)?));
            continue;
        }
        let path = Path::new(argument);
        let mut files = Vec::new();
        if path.is_dir() {
            walk(path, &mut files)?;
        } else if path.exists() || !argument.contains(['*', '?', '[']) {
            files.push(path.to_owned());
        } else {
            let matches = glob::glob(argument).map_err(|e| SourceError::Pattern {
                pattern: argument.clone(),
                reason: e.msg.to_owned(),
            })?;
            for found in matches {
                let found = found.map_err(|e| {
                    let path = e.path().to_string_lossy().into_owned();
                    io_error(&path, e.into())
                })?;
                if found.is_dir() {
                    walk(&found, &mut files)?;
                } else {
                    files.push(found);
                }
            }
        }
        if files.is_empty() {
            return Err(SourceError::Empty(argument.clone()));
        }
        let is_literal = files.len() == 1 && files[0] == path;
        for file in files {
            let name = file.to_string_lossy().into_owned();
            let size = match fs::metadata(&file) {
                Ok(metadata) => metadata.len(),
                Err(fault) if is_literal => return Err(io_error(&name, fault)),
                // Gone since it was listed, or a dangling link: a file that
                // cannot be read, which must not keep the others from being read.
                Err(_) => 0,
            };
            if let Some(&place) = places.get(&name) {
                sources[place] = None;
            }
            places.insert(name.clone(), sources.len());
            sources.push(Some(Source {
                name,
                path: SourcePath::File(file),
                size,
            }));
        }
    }
    Ok(sources.into_iter().flatten().collect())
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), SourceError> {
    let error = |e| io_error(&folder.to_string_lossy(), e);
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(error)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()
        .map_err(error)?;
    entries.sort();
    // A store among the exports (`ingest .`) is no export.
    if entries
        .iter()
        .any(|entry| entry.join("_delta_log").is_dir())
    {
        return Ok(());
    }
    for entry in entries {
        let hidden = entry
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden {
            continue;
        }
        if entry.is_dir() {
            // A link to a folder may lead back up.
            if !entry.is_symlink() {
                walk(&entry, files)?;
            }
        } else {
            files.push(entry);
        }
    }
    Ok(())
}

fn spool(stdin: &mut dyn Read) -> Result<Source, SourceError> {
    let mut file = tempfile::tempfile().map_err(|e| io_error("-", e))?;
    let size = io::copy(stdin, &mut file).map_err(|e| io_error("-", e))?;
    file.flush().map_err(|e| io_error("-", e))?;
    Ok(Source {
        name: "-".into(),
        path: SourcePath::Spooled(file),
        size,
    })
}

fn io_error(path: &str, source: io::Error) -> SourceError {
    SourceError::Io {
        path: path.to_owned(),
        source,
    }
}

impl Source {
    /// Returns the name without folder and `.gz`/`.zst`.
    pub fn file_name(&self) -> &str {
        let name = self.name.rsplit(['/', '\\']).next().unwrap_or(&self.name);
        [".gz", ".zst", ".zstd"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix))
            .unwrap_or(name)
    }

    /// Opens the raw bytes.
    fn open(&self) -> io::Result<File> {
        match &self.path {
            SourcePath::File(path) => File::open(path),
            SourcePath::Spooled(file) => {
                let mut file = file.try_clone()?;
                file.seek(SeekFrom::Start(0))?;
                Ok(file)
            }
        }
    }

    /// Hashes the raw bytes.
    pub fn content_hash(&self) -> io::Result<u128> {
        let mut reader = Hashing::new(self.open()?, &|_| ());
        io::copy(&mut reader, &mut io::sink())?;
        Ok(reader.hasher.digest128())
    }

    /// Returns the first 64 KiB, decompressed, and whether the file goes on.
    /// What cannot be decompressed ends it early.
    pub fn head(&self) -> io::Result<(Vec<u8>, bool)> {
        let ignore = |_| ();
        let mut raw = BufReader::with_capacity(BLOCK, Hashing::new(self.open()?, &ignore));
        let mut stream = decompress(&mut raw)?;
        let mut head = Vec::new();
        let fault = fill(&mut stream, &mut head, HEAD + 1).err();
        let truncated = head.len() > HEAD;
        head.truncate(HEAD);
        match fault {
            Some(fault) if head.is_empty() => Err(fault),
            _ => Ok((head, truncated)),
        }
    }

    /// Reads the whole file through `read`, decompressed, with its first 64 KiB
    /// to look at; returns the hash of the raw bytes too.
    ///
    /// `advanced` is told how many raw bytes each step took.
    pub fn read<R>(
        &self,
        advanced: &dyn Fn(u64),
        read: impl FnOnce(&[u8], bool, &mut dyn BufRead) -> R,
    ) -> io::Result<(R, u128)> {
        let mut raw = BufReader::with_capacity(BLOCK, Hashing::new(self.open()?, advanced));
        let result = {
            let mut stream = decompress(&mut raw)?;
            let mut head = Vec::with_capacity(HEAD + 1);
            // A fault in the first 64 KiB shows again when the format reads on.
            let fault = fill(&mut stream, &mut head, HEAD + 1).err();
            let truncated = head.len() > HEAD;
            let shown = head[..head.len().min(HEAD)].to_vec();
            let rest = Rest { fault, stream };
            let mut input = BufReader::with_capacity(BLOCK, io::Cursor::new(head).chain(rest));
            read(&shown, truncated, &mut input)
        };
        io::copy(&mut raw, &mut io::sink())?;
        Ok((result, raw.get_ref().hasher.digest128()))
    }
}

/// How much of a file a format may look at.
const HEAD: usize = 64 << 10;

fn fill(stream: &mut dyn Read, into: &mut Vec<u8>, wanted: usize) -> io::Result<()> {
    stream.take(wanted as u64).read_to_end(into).map(|_| ())
}

/// The stream after its head; a fault that came up within the head comes first.
struct Rest<'a> {
    fault: Option<io::Error>,
    stream: Box<dyn Read + 'a>,
}

impl Read for Rest<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.fault.take() {
            Some(fault) => Err(fault),
            None => self.stream.read(buffer),
        }
    }
}

/// Decompresses by the first bytes: names lie.
fn decompress<'a>(raw: &'a mut BufReader<Hashing<'_>>) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match raw.fill_buf()? {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(raw)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::stream::read::Decoder::with_buffer(raw)?),
        _ => Box::new(raw),
    })
}

struct Hashing<'a> {
    file: File,
    hasher: Xxh3Default,
    advanced: &'a dyn Fn(u64),
}

impl<'a> Hashing<'a> {
    fn new(file: File, advanced: &'a dyn Fn(u64)) -> Self {
        Self {
            file,
            hasher: Xxh3Default::new(),
            advanced,
        }
    }
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        (self.advanced)(count as u64);
        Ok(count)
    }
}
