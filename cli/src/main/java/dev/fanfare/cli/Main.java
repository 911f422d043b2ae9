package dev.fanfare.cli;

import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Mixin;

/** {@code fanfare}: the top-level command. */
@Command(
    name = "fanfare",
    description = "Durable background tasks on PostgreSQL, triggered a thousand at a time.",
    subcommands = {
      DemoCommand.class,
      DevCommand.class,
      ServerCommand.class,
      KeysCommand.class,
      StorageCommand.class,
      MigrateCommand.class,
      ConfigCommand.class,
      HelpCommand.class
    },
    footerHeading = "%nSettings:%n",
    footer =
        "  Set by environment variables or a properties file. 'fanfare config' lists all of them.")
public final class Main implements Callable<Integer> {
  @Mixin private final Terminal terminal = new Terminal();

  private Main() {}

  /** Runs a command and exits with its status. */
  public static void main(String[] args) {
    Logging.useUtc();
    int status = commandLine().execute(args);
    System.exit(status);
  }

  static CommandLine commandLine() {
    CommandLine commands = new CommandLine(new Main());
    everyCommand(commands);
    Charset charset = System.out.charset();
    return commands
        .setOut(new PrintWriter(System.out, true, charset))
        .setErr(new PrintWriter(System.err, true, System.err.charset()))
        .setParameterExceptionHandler(new Misuse())
        .setExecutionExceptionHandler(new Problems());
  }

  /** Without a subcommand, prints the help to standard error, like for an invalid command line. */
  @Override
  public Integer call() {
    terminal.usage();
    return ExitStatus.USAGE;
  }

  /** Adds the help, the version and the list of exit statuses to every command, at any depth. */
  private static void everyCommand(CommandLine command) {
    command
        .getCommandSpec()
        .mixinStandardHelpOptions(!(command.getCommand() instanceof HelpCommand))
        .versionProvider(new Version());
    command
        .getCommandSpec()
        .usageMessage()
        .exitCodeListHeading("%nExit status:%n")
        .exitCodeList(ExitStatus.MEANINGS);
    command.getSubcommands().values().forEach(Main::everyCommand);
  }
}
