package dev.fanfare.server.lease;

/** Rolls back a report whose leases are not as its server knew them: then it reads them first. */
final class OutdatedLeaseException extends RuntimeException {
  OutdatedLeaseException() {
    super("A lease changed", null, false, false);
  }
}
