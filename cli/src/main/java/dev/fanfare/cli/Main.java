package dev.fanfare.cli;

import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Mixin;

/** {@code fanfare}: the command that holds the others. */
@Command(
    name = "fanfare",
    description = "Durable background tasks on PostgreSQL, triggered a thousand at a time.",
    subcommands = {
      DemoCommand.class,
      DevCommand.class,
      ServerCommand.class,
      KeysCommand.class,
      MigrateCommand.class,
      ConfigCommand.class,
      HelpCommand.class
    },
    footerHeading = "%nSettings:%n",
    footer = "  By environment variable or properties file; 'fanfare config' lists them all.")
public final class Main implements Callable<Integer> {
  @Mixin private final Terminal terminal = new Terminal();

  private Main() {}

  /** Runs one command and ends the process with its status. */
  public static void main(String[] args) {
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

  /** Without a command: help, as for a mistake. */
  @Override
  public Integer call() {
    terminal.usage();
    return ExitStatus.USAGE;
  }

  /** Gives each command, at any depth, the same help, version and list of exit statuses. */
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
