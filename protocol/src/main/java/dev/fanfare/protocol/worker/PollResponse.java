package dev.fanfare.protocol.worker;

import java.util.List;

/**
 * What a worker should do next.
 *
 * @param assignments runs now held by this session, at most as many as it asked for
 * @param canceled runs it holds that were canceled; stop them and report them
 */
public record PollResponse(List<Assignment> assignments, List<Held> canceled) {}
