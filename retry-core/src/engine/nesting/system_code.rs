//! The code of the last failed system call on this thread, as a sign: if a socket or a file fails with
//! the code of an earlier error, the later error is not the earlier one.

use std::io;

/// Returns that code. Any later system call may replace it, also one of a lock that another thread holds.
pub(super) fn last() -> Option<i32> {
    io::Error::last_os_error().raw_os_error()
}

/// Makes `code` no longer the last one, so that another failure with it is noticed. Returns whether that
/// worked.
pub(super) fn forget(code: i32) -> bool {
    if last() == Some(code) {
        // Fails with another code, unless its own code is the one to forget.
        let _ = std::fs::metadata("");
    }
    last() != Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_code_is_back_when_a_call_fails_with_it() -> io::Result<()> {
        let closed = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let refused = || TcpStream::connect(closed).expect_err("nobody listens");
        let code = refused().raw_os_error().expect("the system refused");
        assert_eq!(last(), Some(code));
        assert!(forget(code));
        assert_ne!(last(), Some(code));
        assert!(forget(code), "nothing to do");
        drop(refused());
        assert_eq!(last(), Some(code));
        Ok(())
    }
}
