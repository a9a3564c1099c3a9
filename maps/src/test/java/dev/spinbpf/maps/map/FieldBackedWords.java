package dev.spinbpf.maps.map;

import dev.spinbpf.maps.sync.ScheduleHook;
import dev.spinbpf.maps.sync.SchedulePoint;
import dev.spinbpf.maps.sync.SharedAccess;

/**
 * Makes shared words in guest memory visible to a model checker that only sees fields: each access to a word is an access to a
 * volatile field that stands for it, just before. A checker that lets one thread run at a time, and changes over at accesses to
 * fields, so changes over at each access to a shared word.
 */
final class FieldBackedWords implements ScheduleHook {
    private static final int COUNT = 1 << 10;

    private static final FieldBackedWords INSTANCE = new FieldBackedWords();

    private final Word[] words = new Word[COUNT];

    private static final class Word {
        volatile long accesses;
    }

    private FieldBackedWords() {
        for (int i = 0; i < COUNT; i++) {
            words[i] = new Word();
        }
    }

    static void install() {
        SchedulePoint.install(INSTANCE);
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // the value does not matter
    public void reach(SharedAccess access, Object owner, long address, int sizeBytes) {
        Word word = words[(int) (address >>> 2) & COUNT - 1];
        switch (access) {
            case READ, WAIT -> {
                if (word.accesses < 0) {
                    throw new IllegalStateException("counts do not overflow here");
                }
            }
            case WRITE, READ_MODIFY_WRITE -> word.accesses++;
            default -> {}
        }
    }
}
