//! Reading back on two connections at once: what CI providers told of runs beside everything else.

use std::path::Path;
use std::thread;

use rusqlite::Connection;

use super::names::Names;
use super::open;
use super::recall::Recalling;
use crate::domain::Fact;

/// Takes each fact as soon as it is read.
pub(super) type Take<'a> = &'a mut dyn FnMut(Fact);

/// The same on another thread.
pub(super) type TakeBeside<'a> = &'a mut (dyn FnMut(Fact) + Send);

/// Gives away what is known of runs to the one and everything else to the other, each while the next is read. `path` is
/// where others can read; without it, or where that does not work out, one is read after the other.
///
/// What both give may lie as far apart as two answers of sources do: whatever is written meanwhile is seen whole by the
/// one, or by neither.
///
/// # Errors
/// The history cannot be read; what was given away until then is only a part of what is known.
pub(super) fn read(
    connection: &Connection,
    path: Option<&Path>,
    names: &mut Names,
    depth: usize,
    of_runs: TakeBeside<'_>,
    others: Take<'_>,
) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    let loaded = names.load(&transaction);
    let names = &*names;
    let (beside, own) = thread::scope(|scope| {
        let take = &mut *of_runs;
        let beside = move || path.map_or(Ok(Beside::Unread), |path| runs(path, names, depth, take));
        let begun = thread::Builder::new().spawn_scoped(scope, beside);
        let own = Recalling::new(&transaction, names, depth, others).images();
        // What falls over there would have fallen over here.
        let beside = begun.map_or(Ok(Beside::Unread), |begun| begun.join().unwrap_or(Ok(Beside::Unread)));
        (beside, own)
    });
    let runs = match beside {
        Ok(Beside::Read) => Ok(()),
        Ok(Beside::Unread) => Recalling::new(&transaction, names, depth, of_runs).runs(),
        Err(error) => Err(error),
    };
    loaded.and(runs).and(own)
}

/// Whether another connection could read.
enum Beside {
    Read,
    /// Nothing was given away.
    Unread,
}

/// Reads on a connection of its own. It must know the same names: of those that were written meanwhile it knows none.
fn runs(path: &Path, names: &Names, depth: usize, take: TakeBeside<'_>) -> rusqlite::Result<Beside> {
    let Ok(connection) = open::reader(path) else { return Ok(Beside::Unread) };
    let Ok(transaction) = connection.unchecked_transaction() else { return Ok(Beside::Unread) };
    if !names.are_all(&transaction).unwrap_or(false) {
        return Ok(Beside::Unread);
    }
    Recalling::new(&transaction, names, depth, take).runs().map(|()| Beside::Read)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use jiff::Timestamp;

    use super::super::{Retention, Store};
    use super::*;
    use crate::domain::ImageName;

    #[test]
    fn beside_names_that_were_written_meanwhile_nothing_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let mut store = Store::open(dir.path(), now, Retention::default()).unwrap();
        store.keep(&[Fact::Readable(ImageName::parse("ghcr.io/acme/app").unwrap(), now)], now).unwrap();
        let path = store.readable_path().unwrap();
        let mut names = Names::default();
        names.load(&store.opened.connection).unwrap();
        let read = |names: &Names| runs(&path, names, 10, &mut drop).unwrap();
        assert!(matches!(read(&names), Beside::Read));
        store.keep(&[Fact::Readable(ImageName::parse("ghcr.io/acme/other").unwrap(), now)], now).unwrap();
        assert!(matches!(read(&names), Beside::Unread));
    }
}
