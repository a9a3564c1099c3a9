package dev.spinbpf.maps.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.spinbpf.maps.memory.GuestArena;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class SchedulePointTest {
    @Test
    void eachSharedAccessPassesTheHookWhileItIsInstalled() {
        var seen = new ArrayList<String>();
        try (var arena = new GuestArena("test")) {
            long address = arena.allocate(16);
            var word = new IntWord("word");
            SchedulePoint.install((access, owner, where, size) ->
                    seen.add(access + (owner.equals(SchedulePoint.GUEST) ? " +" + (where - address) : " word")));
            try {
                assertThatIllegalStateException().isThrownBy(() -> SchedulePoint.install((a, o, w, size) -> {}));
                GuestWords.setByteRelease(address + 1, (byte) 1);
                GuestWords.getIntAcquire(address);
                GuestWords.compareAndExchangeIntAcquire(address, 0, 1);
                word.getAndAdd(1);
                word.waitFor();
            } finally {
                SchedulePoint.remove();
            }
            word.getAndAdd(1);
            assertThat(seen)
                    .containsExactly(
                            "WRITE +1", "READ +0", "READ_MODIFY_WRITE +0", "READ_MODIFY_WRITE word", "WAIT word");
            assertThat(word.getPlain()).isEqualTo(2);
        }
    }
}
