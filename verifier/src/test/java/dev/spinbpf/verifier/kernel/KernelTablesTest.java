package dev.spinbpf.verifier.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The tables of a kernel agree with each other, and with the code that reads them. */
class KernelTablesTest {
    private static final KernelVersion VERSION =
            Kernel.of(KernelVersion.REFERENCE).version();

    private static Program program(ProgType type, AttachType attach) {
        return new Program("test", "test", type, attach, null, false, true, List.of(), List.of(), List.of());
    }

    @Test
    void everyHelperOfASetHasAPrototypeAndEverySetOfAPrototypeExists() {
        HelperProtos protos = new HelperProtos(VERSION);
        Set<String> named = new HashSet<>(protos.sets());
        for (String[] row : Tables.rows("helper_sets.tsv", VERSION)) {
            boolean isRow = !row[0].equals("set") && !row[1].equals("-") && !row[1].equals("?");
            if (isRow) {
                assertThat(protos.find(row[1])).as(row[1]).isNotNull();
            } else {
                named.remove(row[1]);
            }
        }
        assertThat(named).as("sets that no row opens").isEmpty();
    }

    @Test
    void everyPrototypeBelongsToAHelperThatLinuxHas() {
        Set<String> helpers = new HashSet<>();
        for (int id = 1; HelperIds.name(id) != null; id++) {
            helpers.add(HelperIds.name(id));
        }
        for (String[] row : Tables.rows("helper_protos.tsv", VERSION)) {
            String helper = row[0];
            for (String attribute : Tables.words(row[2])) {
                helper = attribute.startsWith("of:") ? attribute.substring("of:".length()) : helper;
            }
            assertThat(helpers).contains(helper);
        }
    }

    @Test
    void everyTraitOfHelpersIsUsed() {
        Set<HelperTraits.Trait> unused = EnumSet.allOf(HelperTraits.Trait.class);
        HelperSets sets = Kernel.of(KernelVersion.REFERENCE).helperSets();
        for (String name : HelperIds.all().values()) {
            HelperTraits traits = sets.traits(name);
            unused.removeIf(traits::has);
        }
        assertThat(unused).isEmpty();
    }

    @Test
    void everyTraitAndFlagOfKernelFunctionsIsUsed() {
        Set<KfuncTraits.Trait> traits = EnumSet.allOf(KfuncTraits.Trait.class);
        Set<Kfunc.Flag> flags = EnumSet.allOf(Kfunc.Flag.class);
        for (String[] row : Tables.rows("kfuncs.tsv", VERSION)) {
            Kfunc kfunc = Objects.requireNonNull(
                    Kernel.of(KernelVersion.REFERENCE).kfuncs().find(row[0]), row[0]);
            traits.removeIf(kfunc::has);
            flags.removeAll(kfunc.flags());
        }
        assertThat(traits).isEmpty();
        assertThat(flags).containsExactly(Kfunc.Flag.ARENA_ARG1);
    }

    @Test
    void unknownTraitsAreRefused() {
        assertThatThrownBy(() -> new HelperTraits().add("flies")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new KfuncTraits("under_lock,flies")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Callback.parse("r1+x9=0..1", false, false))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void callbacksAreReadArgumentByArgument() {
        Callback callback = Kernel.of(KernelVersion.REFERENCE)
                .helperSets()
                .traits("bpf_for_each_map_elem")
                .callback();
        assertThat(callback)
                .isEqualTo(new Callback(
                        false,
                        false,
                        List.of(
                                new Callback.Arg(Callback.Source.REGISTER, 1, ""),
                                new Callback.Arg(Callback.Source.KEY, 1, ""),
                                new Callback.Arg(Callback.Source.VALUE, 1, ""),
                                new Callback.Arg(Callback.Source.REGISTER, 3, "")),
                        new RetvalRange(0, 1)));
    }

    @Test
    void everyTypeHasARow() {
        for (MapType type : MapType.values()) {
            assertThat(Kernel.of(KernelVersion.REFERENCE).mapTypes().isWalkable(type))
                    .isIn(true, false);
        }
        for (ProgType type : ProgType.values()) {
            assertThat(Kernel.of(KernelVersion.REFERENCE).programTypes().context(type))
                    .isNotEmpty();
        }
    }

    @Test
    void helpersTakeTheMapsThatTheyName() {
        MapTypes types = Kernel.of(KernelVersion.REFERENCE).mapTypes();
        HelperTraits tailCall = Kernel.of(KernelVersion.REFERENCE).helperSets().traits("bpf_tail_call");
        HelperTraits lookup = Kernel.of(KernelVersion.REFERENCE).helperSets().traits("bpf_map_lookup_elem");
        assertThat(types.takes(MapType.PROG_ARRAY, "bpf_tail_call", tailCall)).isTrue();
        assertThat(types.takes(MapType.HASH, "bpf_tail_call", tailCall)).isFalse();
        assertThat(types.takes(MapType.HASH, "bpf_map_lookup_elem", lookup)).isTrue();
        assertThat(types.takes(MapType.PROG_ARRAY, "bpf_map_lookup_elem", lookup))
                .isFalse();
        assertThat(types.takes(MapType.DEVMAP, "bpf_map_lookup_elem", lookup)).isTrue();
    }

    @Test
    void contextsSayWhereAndHowFieldsAreAccessed() {
        Contexts contexts = Kernel.of(KernelVersion.REFERENCE).contexts();
        Program xdp = program(ProgType.XDP, AttachType.XDP);
        Program devmap = program(ProgType.XDP, AttachType.XDP_DEVMAP);
        Program filter = program(ProgType.SOCKET_FILTER, AttachType.XDP);
        assertThat(Objects.requireNonNull(contexts.find(xdp, 0, 4, false)).gives())
                .isEqualTo(Contexts.Gives.PACKET);
        assertThat(contexts.find(xdp, 0, 2, false)).isNull();
        assertThat(contexts.find(xdp, 20, 4, false)).isNull();
        assertThat(contexts.find(devmap, 20, 4, false)).isNotNull();
        assertThat(Objects.requireNonNull(contexts.find(filter, 9, 1, false)).name())
                .isEqualTo("mark");
        assertThat(contexts.find(filter, 8, 4, true)).isNull();
        assertThat(contexts.find(filter, 64, 8, true))
                .as("beyond the end of cb")
                .isNull();
        assertThat(contexts.findBehind("bpf_sock", "PTR_TO_SOCK_COMMON", 8, 4)).isNull();
        assertThat(contexts.findBehind("bpf_sock", "PTR_TO_SOCKET", 8, 1)).isNotNull();
        assertThat(contexts.findBehind("bpf_sock", "PTR_TO_SOCKET", 9, 1))
                .as("not at the start")
                .isNull();
    }

    @Test
    void placesInTheTableOfContextsAreTypes() {
        Set<String> known = new HashSet<>(Set.of("*", "TC", "LWT", "PTR_TO_SOCKET", "PTR_TO_SOCK_COMMON"));
        for (ProgType type : ProgType.values()) {
            known.add(type.name());
        }
        for (AttachType type : AttachType.values()) {
            known.add("@" + type.name());
        }
        for (String[] row : Tables.rows("contexts.tsv", VERSION)) {
            assertThat(known).as(row[0] + "." + row[1]).containsAll(Tables.words(row[4]));
            assertThat(known).as(row[0] + "." + row[1]).containsAll(Tables.words(row[5]));
        }
    }

    @Test
    void declarationsSayTheKindOfArguments() {
        assertThat(kindOfFirst("bpf_obj_drop")).isEqualTo(KfuncArgKind.ALLOCATED);
        assertThat(kindOfFirst("bpf_iter_num_next")).isEqualTo(KfuncArgKind.ITERATOR);
        assertThat(kindOfFirst("bpf_res_spin_lock")).isEqualTo(KfuncArgKind.RES_SPIN_LOCK);
        assertThat(kindOfFirst("bpf_task_acquire")).isNull();
    }

    private static @Nullable KfuncArgKind kindOfFirst(String kfunc) {
        return Objects.requireNonNull(
                        Kernel.of(KernelVersion.REFERENCE).kfuncs().find(kfunc), kfunc)
                .params()
                .getFirst()
                .kind();
    }
}
