package dev.fanfare.cli;

import dev.fanfare.server.Administration;
import dev.fanfare.server.access.Keys.KeyInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code fanfare keys}: the secret keys that authenticate applications and workers. */
@Command(
    name = "keys",
    description = "Lists, creates and revokes secret keys.",
    subcommands = {KeysCommand.Show.class, KeysCommand.Create.class, KeysCommand.Revoke.class})
final class KeysCommand implements Callable<Integer> {
  /** The names are those in the database. */
  enum Environment {
    dev,
    staging,
    prod
  }

  @Mixin private final Terminal terminal = new Terminal();

  /** Without a subcommand, prints the help to standard error, like for an invalid command line. */
  @Override
  public Integer call() {
    terminal.usage();
    return ExitStatus.USAGE;
  }

  private static Administration administration(Terminal terminal) {
    return Administration.open(terminal.settings("warn").config());
  }

  /** {@code fanfare keys list}. */
  @Command(name = "list", description = "Lists the keys without revealing them.")
  static final class Show implements Callable<Integer> {
    @Mixin private final Terminal terminal = new Terminal();

    @Override
    public Integer call() {
      List<List<String>> rows = new ArrayList<>();
      rows.add(List.of("ID", "ENVIRONMENT", "KEY", "CREATED", "REVOKED"));
      try (Administration administration = administration(terminal)) {
        for (KeyInfo key : administration.keys()) {
          rows.add(
              List.of(
                  Integer.toString(key.id()),
                  key.environment(),
                  key.hint(),
                  key.createdAt().toString(),
                  key.revokedAt() == null ? "" : key.revokedAt().toString()));
        }
      }
      Table.lines(rows).forEach(terminal.out()::println);
      return ExitStatus.OK;
    }
  }

  /** {@code fanfare keys create}. */
  @Command(name = "create", description = "Creates a key and prints it. It cannot be shown again.")
  static final class Create implements Callable<Integer> {
    @Mixin private final Terminal terminal = new Terminal();

    @Option(
        names = {"-e", "--environment"},
        paramLabel = "ENVIRONMENT",
        description =
            "The environment of the key: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private Environment environment = Environment.dev;

    @Override
    public Integer call() {
      try (Administration administration = administration(terminal)) {
        terminal.out().println(administration.createKey(environment.name()).key().text());
        return ExitStatus.OK;
      }
    }
  }

  /** {@code fanfare keys revoke}. */
  @Command(name = "revoke", description = "Revokes a key. Servers reject it within two seconds.")
  static final class Revoke implements Callable<Integer> {
    @Mixin private final Terminal terminal = new Terminal();

    @Parameters(paramLabel = "ID", description = "The id of the key, as shown by 'keys list'.")
    private int id;

    @Override
    public Integer call() {
      try (Administration administration = administration(terminal)) {
        if (administration.revokeKey(id)) {
          terminal.out().println("Revoked " + id + ".");
          return ExitStatus.OK;
        }
      }
      terminal.err().println("fanfare: no active key has the id " + id + ".");
      return ExitStatus.FAILED;
    }
  }
}
