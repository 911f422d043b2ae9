package dev.fanfare.protocol.worker;

import java.util.List;

/**
 * The response to a poll: runs to start and runs to stop.
 *
 * @param assignments runs now leased to this session, at most as many as it asked for
 * @param canceled leases of this session whose runs were canceled; the worker must stop and report
 *     them
 */
public record PollResponse(List<Assignment> assignments, List<LeaseRef> canceled) {}
