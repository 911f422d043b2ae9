/**
 * The command line of Fanfare, {@code bin/fanfare}.
 *
 * <p>Open {@link dev.fanfare.cli.Main} for the commands. Results go to standard output, log lines
 * and error messages to standard error. A problem that the user can solve is reported in one
 * sentence, with its own exit status, see {@link dev.fanfare.cli.ExitStatus}.
 */
@NullMarked
package dev.fanfare.cli;

import org.jspecify.annotations.NullMarked;
