package dev.fanfare.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A table of a Markdown document, for tests that hold it to the code.
 *
 * @param header the titles of the columns, some perhaps empty
 * @param rows the cells as they are written, without the spaces around them; as many as columns
 */
public record MarkdownTable(List<String> header, List<List<String>> rows) {
  private static final Pattern RULE = Pattern.compile("\\|[-:| ]+\\|");
  private static final Pattern BAR = Pattern.compile("(?<!\\\\)\\|");

  /** All tables of a document, in order. */
  public static List<MarkdownTable> in(String document) {
    List<MarkdownTable> tables = new ArrayList<>();
    List<String> lines = document.lines().toList();
    for (int i = 1; i < lines.size(); i++) {
      if (RULE.matcher(lines.get(i)).matches() && lines.get(i - 1).startsWith("|")) {
        List<List<String>> rows =
            lines.subList(i + 1, lines.size()).stream()
                .takeWhile(line -> line.startsWith("|"))
                .map(MarkdownTable::cells)
                .toList();
        tables.add(new MarkdownTable(cells(lines.get(i - 1)), rows));
      }
    }
    return tables;
  }

  /**
   * The tables whose header begins with these titles.
   *
   * @throws AssertionError when there is none: it was renamed, or it is gone
   */
  public static List<MarkdownTable> in(String document, String... titles) {
    List<MarkdownTable> tables =
        in(document).stream()
            .filter(table ->
                table.header.size() >= titles.length
                    && table.header.subList(0, titles.length).equals(List.of(titles)))
            .toList();
    if (tables.isEmpty()) {
      throw new AssertionError("No table with the columns " + List.of(titles));
    }
    return tables;
  }

  private static List<String> cells(String line) {
    String[] parts =
        BAR.split(line.strip(), -1); // before the first bar and behind the last: nothing
    return Stream.of(parts).skip(1).limit(parts.length - 2L).map(String::strip).toList();
  }
}
