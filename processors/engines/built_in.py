"""The engines of this project. One that is added has its entry here, and its file in the stage's folder of engines."""

from __future__ import annotations

from processors.engines.spec import Check, EngineKind, EngineSpec

BUILT_IN = (
    EngineSpec(
        kind=EngineKind.RECOGNISER,
        name="moonshine",
        target="processors.transcribe.engines.moonshine:MoonshineEngine",
        packages=("moonshine_voice", "numpy"),
        extra="offline",
    ),
    EngineSpec(
        kind=EngineKind.RECOGNISER,
        name="pocketsphinx",
        target="processors.transcribe.engines.pocketsphinx:PocketsphinxEngine",
        packages=("pocketsphinx",),
        extra="offline",
    ),
    EngineSpec(
        kind=EngineKind.RECOGNISER,
        name="aws",
        target="processors.transcribe.engines.aws:AwsEngine",
        packages=("amazon_transcribe",),
        extra="aws",
        offline=False,
        checks=(Check.ENGINE, Check.AWS_CREDENTIALS),
    ),
    EngineSpec(
        kind=EngineKind.RECOGNISER,
        name="scripted",
        target="processors.transcribe.engines.scripted:ScriptedEngine",
        argument="PATH",
        checks=(),
    ),
    EngineSpec(
        kind=EngineKind.TRANSLATOR,
        name="apertium",
        target="processors.translate.engines.apertium:ApertiumTranslator",
    ),
    EngineSpec(
        kind=EngineKind.TRANSLATOR,
        name="aws",
        target="processors.translate.engines.aws:AwsTranslator",
        offline=False,
        checks=(Check.ENGINE, Check.AWS_CREDENTIALS),
    ),
    EngineSpec(
        kind=EngineKind.TRANSLATOR,
        name="scripted",
        target="processors.translate.engines.scripted:ScriptedTranslator",
        checks=(),
    ),
    EngineSpec(
        kind=EngineKind.SYNTHESIZER,
        name="espeak",
        target="processors.synthesize.engines.espeak:EspeakSynthesizer",
        packages=("espeakng_loader",),
        extra="offline",
    ),
    EngineSpec(
        kind=EngineKind.SYNTHESIZER,
        name="polly",
        target="processors.synthesize.engines.polly:PollySynthesizer",
        offline=False,
        checks=(Check.ENGINE, Check.AWS_CREDENTIALS),
    ),
    EngineSpec(
        kind=EngineKind.SYNTHESIZER,
        name="scripted",
        target="processors.synthesize.engines.scripted:ScriptedSynthesizer",
        checks=(),
    ),
)
