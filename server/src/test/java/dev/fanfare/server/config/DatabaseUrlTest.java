package dev.fanfare.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlTest {
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      textBlock =
          """
          postgres://ann:s3cret@db:6543/app             , jdbc:postgresql://db:6543/app                  , ann   , s3cret
          postgresql://ann@db/app                       , jdbc:postgresql://db/app                       , ann   , -
          postgres://db                                 , jdbc:postgresql://db/                          , -     , -
          postgres://ann:a%40b%2Fc+d@db/app             , jdbc:postgresql://db/app                       , ann   , a@b/c+d
          postgres://ann:p@ss@db/app                    , jdbc:postgresql://db/app                       , ann   , p@ss
          postgres://ann:x@[::1]:5432/app               , jdbc:postgresql://[::1]:5432/app               , ann   , x
          postgres://ann:x@db?sslmode=require           , jdbc:postgresql://db/?sslmode=require          , ann   , x
          postgres://db/app?application_name=f&user=bob , jdbc:postgresql://db/app?ApplicationName=f     , bob   , -
          jdbc:postgresql://db/app?user=ann&password=x  , jdbc:postgresql://db/app                       , ann   , x
          jdbc:postgresql:app                           , jdbc:postgresql:app                            , -     , -
          """)
  void reads_what_people_write(String text, String jdbcUrl, String user, String password) {
    assertThat(DatabaseUrl.parse(text)).isEqualTo(new DatabaseUrl(jdbcUrl, user, password));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mysql://ann:s3cret@db/app",
        "ann:s3cret@db",
        "postgres:///s3cret",
        "postgres://ann:s3cret%@db/app",
        "s3cret"
      })
  void rejects_other_texts_without_repeating_them(String text) {
    assertThatThrownBy(() -> DatabaseUrl.parse(text))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageStartingWith("FANFARE_DATABASE_URL ")
        .hasMessageNotContaining("s3cret");
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          postgres://ann:s3cret@db:6543/app?sslmode=require     , postgresql://ann:****@db:6543/app?sslmode=require
          postgres://ann@db/app                                 , postgresql://ann@db/app
          postgres://db/app                                     , jdbc:postgresql://db/app
          jdbc:postgresql:app?user=ann&password=s3cret          , jdbc:postgresql:app as ann:****
          postgres://ann@db/app?sslpassword=s3cret&sslmode=none , postgresql://ann@db/app?sslpassword=****&sslmode=none
          """)
  void shows_no_password(String text, String shown) {
    assertThat(DatabaseUrl.parse(text)).hasToString(shown);
  }
}
