//! The bank: a server on this machine that books payments, in its own time. It knows nothing of the
//! store, and its books are what counts.
//!
//! One line a question, one line an answer, one question a connection.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// A number below `end`, another one each time.
pub(crate) fn chance(end: u64) -> u64 {
    RandomState::new().hash_one(end) % end
}

/// The running bank.
pub(crate) struct Bank {
    pub(crate) address: SocketAddr,
    books: Arc<Mutex<Books>>,
}

#[derive(Default)]
struct Books {
    bookings: Vec<Booking>,
    /// Who is at the counter, with which order: worker, order and fence.
    visitors: Vec<(u32, u32, u64)>,
    /// How many payments it is at, also those whose visitor has gone.
    open: u32,
    visits: Vec<Visit>,
    /// What it has said no to: of these orders, claims with an older fence come too late.
    barred: HashMap<u32, u64>,
}

/// Money that has moved. A receipt's number is its place in the books, from 1.
#[derive(Clone, PartialEq)]
pub(crate) struct Booking {
    pub(crate) order: u32,
    pub(crate) worker: u32,
    cents: u64,
    key: String,
}

/// A question that the bank has answered.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Visit {
    pub(crate) order: u32,
    pub(crate) answer: Answer,
}

/// What it said.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Answer {
    Booked,
    /// The key of a wallet's payment was known: the same receipt again.
    Known,
    /// Asked, it had the payment in its books.
    Yes,
    No,
    /// It came too late.
    Refused,
    /// The caller had hung up before it was booked.
    HungUp,
}

impl Bank {
    pub(crate) fn open() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let books: Arc<Mutex<Books>> = Arc::default();
        let kept = books.clone();
        thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                let books = kept.clone();
                // A caller that was killed gets no answer.
                thread::spawn(move || {
                    let _ = serve(&books, &caller);
                });
            }
        });
        Ok(Self { address, books })
    }

    /// The orders that a worker is at the counter with.
    pub(crate) fn orders_of(&self, worker: u32) -> Vec<u32> {
        let visitors = &lock(&self.books).visitors;
        let of = visitors.iter().filter(|visitor| visitor.0 == worker);
        of.map(|(_, order, _)| *order).collect()
    }

    /// A worker is at the counter no more; what it has brought is.
    pub(crate) fn sees_off(&self, worker: u32) {
        let visitors = &mut lock(&self.books).visitors;
        visitors.retain(|visitor| visitor.0 != worker);
    }

    /// Whether all payments that it was told of are booked, or never will be.
    pub(crate) fn is_quiet(&self) -> bool {
        lock(&self.books).open == 0
    }

    /// All that was booked for an order, with the receipts' numbers.
    pub(crate) fn bookings(&self, order: u32) -> Vec<(usize, Booking)> {
        let books = lock(&self.books);
        let numbered = (1..).zip(books.bookings.iter().cloned());
        numbered.filter(|(_, of)| of.order == order).collect()
    }

    /// How many bodies have come to its counter.
    pub(crate) fn runs(&self) -> usize {
        let visits = &lock(&self.books).visits;
        let asked = |visit: &&Visit| !matches!(visit.answer, Answer::Yes | Answer::No);
        visits.iter().filter(asked).count()
    }

    /// All that it was asked for an order.
    pub(crate) fn visits(&self, order: u32) -> Vec<Visit> {
        let visits = &lock(&self.books).visits;
        let of = visits.iter().filter(|visit| visit.order == order);
        of.copied().collect()
    }
}

/// Answers one question: `book card 7 1999 <key> <fence> <worker>` or `ask 7 <fence>`.
fn serve(books: &Mutex<Books>, caller: &TcpStream) -> Option<()> {
    let mut line = String::new();
    BufReader::new(caller).read_line(&mut line).ok()?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let (order, (answer, number)) = match words[..] {
        ["book", by, order, cents, key, fence, worker] => {
            let (order, worker) = (order.parse().ok()?, worker.parse().ok()?);
            let payment = Booking {
                order,
                worker,
                cents: cents.parse().ok()?,
                key: key.to_owned(),
            };
            let fence = fence.parse().ok()?;
            lock(books).comes((worker, order, fence));
            take_time();
            let booked = lock(books).book(by, payment, fence, has_hung_up(caller));
            take_time();
            lock(books).goes((worker, order, fence));
            (order, booked)
        }
        ["ask", order, fence] => {
            let order = order.parse().ok()?;
            (order, lock(books).ask(order, fence.parse().ok()?))
        }
        _ => return None,
    };
    lock(books).visits.push(Visit { order, answer });
    let mut caller = caller;
    writeln!(caller, "{number}").ok()
}

impl Books {
    fn comes(&mut self, visitor: (u32, u32, u64)) {
        self.visitors.push(visitor);
        self.open += 1;
    }

    fn goes(&mut self, visitor: (u32, u32, u64)) {
        self.visitors.retain(|other| *other != visitor);
        self.open -= 1;
    }

    /// Books a payment, and says its number; 0 where it does not.
    fn book(&mut self, by: &str, payment: Booking, fence: u64, hung_up: bool) -> (Answer, usize) {
        if hung_up {
            return (Answer::HungUp, 0);
        }
        if self.barred.get(&payment.order) > Some(&fence) {
            return (Answer::Refused, 0);
        }
        // Wallets have keys; of the others it books whatever it is told to, however often.
        let known = self.bookings.iter().position(|of| of.key == payment.key);
        match known {
            Some(at) if by == "wallet" => (Answer::Known, at + 1),
            _ => {
                self.bookings.push(payment);
                (Answer::Booked, self.bookings.len())
            }
        }
    }

    /// The number of an order's booking. After a no (0) nothing of an older claim is booked any
    /// more: it is final.
    fn ask(&mut self, order: u32, fence: u64) -> (Answer, usize) {
        self.barred.insert(order, fence);
        let booked = self.bookings.iter().position(|of| of.order == order);
        booked.map_or((Answer::No, 0), |at| (Answer::Yes, at + 1))
    }
}

fn take_time() {
    thread::sleep(Duration::from_millis(100 + chance(300)));
}

/// A process that was killed has.
fn has_hung_up(caller: &TcpStream) -> bool {
    let silent = caller.set_nonblocking(true).and_then(|()| {
        let end = caller.peek(&mut [0]);
        caller.set_nonblocking(false)?;
        end
    });
    !matches!(silent, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

fn lock(books: &Mutex<Books>) -> MutexGuard<'_, Books> {
    books.lock().unwrap_or_else(PoisonError::into_inner)
}
