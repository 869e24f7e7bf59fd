//! A disk that is full for real: a small one is mounted where that is allowed, and elsewhere files may not grow.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use landfall::domain::Fact;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::world::{at, image, log, open, runs};
use crate::writer::start;

/// Says to this very binary that it runs on a small disk, and where that is.
const SMALL: &str = "LANDFALL_TEST_SMALL_DISK";
/// Says that it may not let files grow.
const LIMITED: &str = "LANDFALL_TEST_LIMITED";
/// Longer than anything here takes.
const LONG: Duration = Duration::from_mins(1);

fn again(test: &str, dir: &Path, shell: &str) -> std::process::ExitStatus {
    let own = std::env::current_exe().unwrap();
    let mut command = if shell.starts_with("mount") {
        // As nobody in particular one needs a name space of users of one's own.
        let mut command = Command::new("unshare");
        command.args(if rustix::process::getuid().is_root() { ["--mount", "sh"] } else { ["-rm", "sh"] });
        command
    } else {
        Command::new("sh")
    };
    command.arg("-c").arg(shell).arg("sh").arg(dir).arg(own).arg(test);
    command.status().unwrap()
}

fn facts() -> Vec<Fact> {
    let each = (0..200).flat_map(|number| [runs(number, number, 3, 1), log(number, 255)]);
    each.chain([Fact::Readable(image(1), at(1))]).collect()
}

/// Fills the disk, keeps what does not fit, makes room, and looks whether it is all there.
fn keep_on_a_full_disk(dir: &Path, sentence: &str, fill: impl FnOnce(&Path), make_room: impl FnOnce(&Path)) {
    let store = open(dir);
    fill(dir);
    let (writer, told) = start(store);
    writer.keep(facts());
    let trouble = told.recv_timeout(LONG).unwrap().unwrap();
    assert!(trouble.contains(sentence), "{trouble}");
    make_room(dir);
    assert_eq!(told.recv_timeout(LONG).unwrap(), None, "it works again");
    assert!(writer.finish(LONG));
    let mut store = open(dir);
    assert_eq!(store.recall(usize::MAX).unwrap().len(), facts().len());
    assert_eq!(store.warning(), None);
}

#[test]
fn a_full_disk_is_told_and_what_it_had_no_room_for_is_written_later() {
    let name = "full::a_full_disk_is_told_and_what_it_had_no_room_for_is_written_later";
    if let Some(dir) = std::env::var_os(SMALL) {
        let fill = |dir: &Path| {
            let mut filler = File::create(dir.join("filler")).unwrap();
            while filler.write_all(&[1; 4096]).is_ok() {}
        };
        let make_room = |dir: &Path| fs::remove_file(dir.join("filler")).unwrap();
        return keep_on_a_full_disk(Path::new(&dir), "cannot grow: its disk is full", fill, make_room);
    }
    if std::env::var_os(LIMITED).is_some() {
        let dir = tempfile::tempdir().unwrap();
        let limit = |current| {
            let maximum = getrlimit(Resource::Fsize).maximum;
            setrlimit(Resource::Fsize, Rlimit { current, maximum }).unwrap();
        };
        let fill = |_: &Path| limit(Some(200 << 10));
        return keep_on_a_full_disk(dir.path(), "cannot be used: disk I/O error", fill, |_| limit(None));
    }
    let dir = tempfile::tempdir().unwrap();
    let mount = format!(
        "mount -t tmpfs -o size=4m,mode=700 tmpfs \"$1\" || exit 97
         {SMALL}=\"$1\" exec \"$2\" --exact \"$3\" --nocapture"
    );
    let status = again(name, dir.path(), &mount);
    if status.code() != Some(97) && status.code() != Some(1) {
        assert!(status.success(), "{status}");
        return;
    }
    // Whoever may not mount may forbid itself to let files grow.
    let limit = format!("trap '' XFSZ; {LIMITED}=1 exec \"$2\" --exact \"$3\" --nocapture");
    assert!(again(name, dir.path(), &limit).success());
}
