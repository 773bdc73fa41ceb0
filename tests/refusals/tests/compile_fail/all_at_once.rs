//! Every fault of a function is shown at once, and the function is there all the same.

use std::io;

use retry_core::retry_api;

struct Client;

impl Client {
    #[retry_api(retries = 3, min_wait = "2", timeout = "1s", borrow(tsk))]
    fn call(self, task: &str) -> io::Result<usize> {
        Ok(task.len())
    }
}

fn main() {
    let _: io::Result<usize> = Client.call("task");
}
