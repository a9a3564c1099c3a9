package dev.spinbpf.verifier.refusal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.verifier.kernel.Message;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RefusalKindsTest {
    @Test
    void shouldGiveEachMessageAKind() {
        String[] messages = Arrays.stream(Message.values()).map(Message::name).toArray(String[]::new);
        assertThat(RefusalKinds.messages()).containsOnlyKeys(messages);
        assertThat(RefusalKinds.messages().values()).allMatch(RefusalKind.all()::contains);
    }
}
