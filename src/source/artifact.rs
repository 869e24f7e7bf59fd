//! The test reports in an archive, read in memory and never written anywhere: what it claims of itself is not believed.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::read::ZipFile;

use crate::domain::{TestReport, TestSummary, Text, Unreadable};
use crate::junit;

/// Bytes of one file, unpacked; and of all files of an archive.
const FILE: u64 = 30 << 20;
const ALL: u64 = 100 << 20;

/// Files of an archive that are looked at.
const FILES: usize = 2_000;

/// Reports are repetitive, but a file that unpacks to more times its size is none. Small ones may.
const TIMES: u64 = 250;
const SMALL: u64 = 1 << 20;

/// Reasons that are kept, file by file.
const REASONS: usize = 20;

/// What was read of an archive.
#[derive(Debug, Default)]
pub(super) struct Unpacked {
    pub(super) summary: Option<TestSummary>,
    /// The files that could not be read, and why.
    pub(super) unread: Vec<(Text, Unreadable)>,
}

/// Reads every file that may be a report. It takes its time: nobody should wait for it.
pub(super) fn unpack(archive: &[u8]) -> Unpacked {
    let mut unpacked = Unpacked::default();
    let mut archive = match ZipArchive::new(Cursor::new(archive)) {
        Ok(archive) => archive,
        Err(error) => {
            unpacked.fail("", Unreadable::Archive(error.to_string().into()));
            return unpacked;
        }
    };
    let mut reports = Vec::new();
    let mut budget = ALL;
    let mut looked_at = 0;
    for place in 0..archive.len() {
        let mut file = match archive.by_index(place) {
            Ok(file) => file,
            Err(error) => {
                unpacked.fail("", Unreadable::Archive(error.to_string().into()));
                continue;
            }
        };
        let name = String::from_utf8_lossy(file.name_raw()).into_owned();
        if !may_be_a_report(&name) {
            continue;
        }
        looked_at += 1;
        if looked_at > FILES {
            unpacked.fail(&name, Unreadable::TooManyFiles(FILES));
            break;
        }
        match read(&mut file, &mut budget) {
            // Coverage, lint and the like lie beside reports, and are none.
            Err(Unreadable::NotJunit(_)) => {}
            Err(why) => unpacked.fail(&name, why),
            Ok(report) => reports.push(report),
        }
    }
    if reports.is_empty() && unpacked.unread.is_empty() {
        unpacked.fail("", Unreadable::Archive("no JUnit report is in it".into()));
    }
    unpacked.summary = (!reports.is_empty()).then(|| TestSummary::of(&reports));
    unpacked
}

impl Unpacked {
    fn fail(&mut self, file: &str, why: Unreadable) {
        if self.unread.len() < REASONS {
            self.unread.push((file.into(), why));
        }
    }
}

fn may_be_a_report(name: &str) -> bool {
    let ends =
        name.len() > 4 && name.as_bytes().get(name.len() - 4..).is_some_and(|end| end.eq_ignore_ascii_case(b".xml"));
    ends && !name.starts_with("__MACOSX/")
}

fn read(file: &mut ZipFile<'_, impl Read>, budget: &mut u64) -> Result<TestReport, Unreadable> {
    let packed = file.compressed_size();
    let most = FILE.min(*budget).min(packed.saturating_mul(TIMES).max(SMALL));
    // The claim only saves the room that growing would take.
    let claimed = usize::try_from(file.size().min(most)).unwrap_or_default();
    let mut body = Vec::with_capacity(claimed.saturating_add(1));
    let unpacking = file.take(most + 1).read_to_end(&mut body);
    let length = body.len() as u64;
    *budget = budget.saturating_sub(length);
    if length > most {
        return Err(match most {
            _ if most == FILE => Unreadable::TooLarge(megabytes(FILE)),
            _ if packed.saturating_mul(TIMES).max(SMALL) == most => Unreadable::Bomb(TIMES),
            _ => Unreadable::TooLarge(megabytes(ALL)),
        });
    }
    match (unpacking, length) {
        (Ok(_), _) => junit::parse(&body),
        (Err(error), 0) => Err(Unreadable::Archive(error.to_string().into())),
        // What came before the damage is read, and said to be a part.
        (Err(error), _) => junit::parse(&body).map_err(|_| Unreadable::Archive(error.to_string().into())),
    }
}

fn megabytes(bytes: u64) -> usize {
    usize::try_from(bytes >> 20).unwrap_or(usize::MAX)
}
