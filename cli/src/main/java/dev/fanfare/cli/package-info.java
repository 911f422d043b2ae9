/**
 * The command line, {@code bin/fanfare}: everything that starts Fanfare and talks to a terminal.
 *
 * <p>Open {@link dev.fanfare.cli.Main} for the commands. Results go to standard output, logging and
 * problems to standard error. A problem that someone at the terminal can solve is one sentence and
 * an exit status of its own, see {@link dev.fanfare.cli.ExitStatus}.
 */
@NullMarked
package dev.fanfare.cli;

import org.jspecify.annotations.NullMarked;
