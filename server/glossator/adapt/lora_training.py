"""The child process that trains an adapter; the only importer of torch, transformers, peft and bitsandbytes.

`python -m glossator.adapt.lora_training FOLDER` trains what `FOLDER/run.json` (a `training_run.TrainingPlan`) and
`FOLDER/tokens.jsonl` describe, and tells about it in lines of JSON on stdout:

    {"event": "loaded", "parameters", "trainable", "device", "weights"}
    {"event": "forecast", "seconds", "steps", "memory_bytes", "seconds_per_step"}
    {"event": "step", "step", "steps", "loss", "validation", "seconds_left", "memory_bytes", "tokens_per_second"}
    {"event": "checkpoint", "step"}
    {"event": "done", "step", "seconds", "validation"}
    {"event": "error", "message"}

It keeps a checkpoint in the folder, written as a whole, from which the next run goes on as if nothing had happened: the
order of the examples follows from the seed and the step. When stdin ends (the parent is gone), it writes a checkpoint
and ends.

Examples share the beginning of their prompts (instructions, an example). That part is computed once for all examples
of a step, without gradients: they stand one after the other behind it, and each sees only the beginning and itself.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import math
import os
import pickle
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glossator.adapt.base_models import TARGETS, TRANSFORMERS_TYPES, BaseWeights
from glossator.adapt.training_run import PLAN_FILE, RESULT_FILE, STATE_FILE, TOKENS_FILE
from glossator.adapt.training_steps import common_beginning, learning_rate, multiplies_bfloat16, packed, scheduled
from glossator.errors import GlossatorError, ModelInvalidError
from glossator.power import lower_priority
from glossator.private_files import replace_private_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glossator.adapt.training_steps import Tokens

_NICENESS = 15
"""On a scale to 19: training takes hours, and nobody waits for it."""
FORECAST_STEPS = 3
"""Steps that are timed after one to warm up, before the forecast."""
DROPOUT = 0.0
"""None: the validation part says when to stop, and dropout would keep another copy of all that each matrix is given."""
CLIPPED_NORM = 1.0
SMOOTHING = 0.9
"""Weight of the earlier losses in the loss that is shown."""


class Stopped(Exception):  # noqa: N818 - not an error: a checkpoint was written
    """The parent is gone, or asked to stop."""


def tell(event: str, **values: Any) -> None:
    """Write an event for the parent."""
    with contextlib.suppress(OSError):
        print(json.dumps({"event": event, **values}), flush=True)  # noqa: T201 - the protocol


class Trainer:
    """One run of training."""

    def __init__(self, folder: Path) -> None:
        """Read the plan and the examples.

        Raises:
            ModelInvalidError: the plan asks for a GPU, and there is none.
        """
        import torch
        import transformers

        self.torch, self.transformers = torch, transformers
        self.folder = folder
        self.plan: dict[str, Any] = json.loads((folder / PLAN_FILE).read_text("utf-8"))
        self.train: list[Tokens] = []
        self.validation: list[Tokens] = []
        with (folder / TOKENS_FILE).open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                (self.train if row["part"] == "train" else self.validation).append((row["prompt"], row["answer"]))
        self.shared = common_beginning([*self.train, *self.validation])
        order = range(len(self.validation))
        self.validation_steps = packed(self.validation, order, self.shared, self.plan["step_tokens"])
        torch.manual_seed(self.plan["seed"])
        torch.set_num_threads(self.plan["threads"])
        cuda = self.plan["device"] != "cpu" and torch.cuda.is_available()
        if not cuda and (self.plan["device"] == "cuda" or self.plan["four_bits"]):
            option = "--device cuda" if self.plan["device"] == "cuda" else "--four-bits"
            raise ModelInvalidError(f"{option} needs a GPU with CUDA, and PyTorch can use none here")
        self.device = torch.device("cuda" if cuda else "cpu")
        self.stop = threading.Event()
        self.model: Any = None
        self.window = 0
        self.step = 0
        self.best = math.inf
        self.spent = 0.0
        """Seconds of training in earlier processes."""
        self.loss: float | None = None

    # The model

    def half_precision(self) -> bool:
        """Whether the frozen weights are kept in 16 bits: where the processor multiplies them as such."""
        if self.plan["precision"] != "auto":
            return bool(self.plan["precision"] == "bfloat16")
        if self.device.type == "cuda":
            return bool(self.torch.cuda.is_bf16_supported())
        return multiplies_bfloat16()

    def load(self) -> None:
        """Build the base from its file, and put an adapter of zeros on it.

        Raises:
            ModelInvalidError: the weights do not fit.
        """
        import peft

        weights = BaseWeights(Path(self.plan["base"]))
        self.window = weights.shape.window
        kind = self.torch.bfloat16 if self.half_precision() else self.torch.float32
        four_bits = self.device.type == "cuda" and self.plan["four_bits"]
        base = self._from_folder(weights, kind) if self.plan["weights"] else self._from_gguf(weights, kind)
        base = self._quantised(base) if four_bits else base.to(self.device)
        if self.plan["recompute"]:
            base.activation_checkpointing_enable({"use_reentrant": False})
            base.enable_input_require_grads()
        config = peft.LoraConfig(
            r=self.plan["rank"],
            lora_alpha=self.plan["alpha"],
            lora_dropout=DROPOUT,
            target_modules=list(TARGETS),
            bias="none",
            task_type="CAUSAL_LM",
        )
        self.model = peft.get_peft_model(base, config)
        self.model.train()
        trainable = sum(one.numel() for one in self.model.parameters() if one.requires_grad)
        self.parameters = [one for one in self.model.parameters() if one.requires_grad]
        self.optimizer = self.torch.optim.AdamW(self.parameters, lr=self.plan["learning_rate"], weight_decay=0.0)
        tell(
            "loaded",
            parameters=weights.shape.parameters,
            trainable=trainable,
            device=self.device.type,
            weights="4 bits" if four_bits else str(kind).removeprefix("torch."),
        )

    def _empty(self, weights: BaseWeights, kind: Any) -> Any:
        kind_of_model = TRANSFORMERS_TYPES[weights.shape.architecture]
        config = self.transformers.AutoConfig.for_model(kind_of_model, **weights.shape.config())
        model = self.transformers.AutoModelForCausalLM.from_config(config, dtype=kind, attn_implementation="sdpa")
        factors = weights.rope_factors()
        if factors is not None:  # LLaMA 3 stretches the slow frequencies
            rotary = model.model.rotary_emb
            rotary.inv_freq = rotary.inv_freq / self.torch.from_numpy(factors.copy())
        return model

    def _from_gguf(self, weights: BaseWeights, kind: Any) -> Any:
        model = self._empty(weights, kind)
        with self.torch.no_grad():
            for name, parameter in model.named_parameters():
                values = weights.tensor(name)
                if tuple(values.shape) != tuple(parameter.shape):
                    raise ModelInvalidError(f"{name} has the shape {values.shape}, not {tuple(parameter.shape)}")
                parameter.copy_(self.torch.from_numpy(np.require(values, requirements=["C", "W"])))
                parameter.requires_grad_(requires_grad=False)
        model.tie_weights()
        return model

    def _from_folder(self, weights: BaseWeights, kind: Any) -> Any:
        folder = Path(self.plan["weights"])
        try:
            model = self.transformers.AutoModelForCausalLM.from_pretrained(
                folder, dtype=kind, local_files_only=True, use_safetensors=True, trust_remote_code=False
            )
        except (OSError, ValueError) as error:
            raise ModelInvalidError(f"cannot read the weights in {folder}: {str(error).splitlines()[0]}") from error
        for name, parameter in model.named_parameters():
            if not name.endswith("norm.weight") and tuple(parameter.shape) != weights.size_of(name):
                raise ModelInvalidError(f"the weights in {folder} are not those of {weights.name}: {name} differs")
            parameter.requires_grad_(requires_grad=False)
        return model

    def _quantised(self, base: Any) -> Any:
        """The base in 4 bits (NF4) on a GPU with CUDA, by way of a folder: bitsandbytes is given weights so."""
        import tempfile

        import peft

        config = self.transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=self.torch.bfloat16,
        )
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            base.save_pretrained(folder)
            del base
            model = self.transformers.AutoModelForCausalLM.from_pretrained(
                folder, quantization_config=config, device_map={"": 0}, local_files_only=True
            )
        return peft.prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)

    # Steps

    def losses(self, examples: Sequence[Tokens]) -> Any:
        """The mean loss of the answers' tokens, of examples behind one beginning."""
        torch, shared = self.torch, self.shared
        ids: list[int] = []
        positions: list[int] = []
        segments: list[int] = []
        where: list[int] = []
        wanted: list[int] = []
        for number, (prompt, answer) in enumerate(examples, 1):
            own = [*prompt[shared:], *answer]
            first = len(ids) + len(prompt) - shared
            where += range(first - 1, first - 1 + len(answer))
            wanted += answer
            ids += own
            positions += range(shared, shared + len(own))
            segments += [number] * len(own)
        inner = self.model.get_base_model()
        segment = torch.tensor(segments, device=self.device)
        place = torch.arange(len(ids), device=self.device)
        seen = (place[None, :] <= place[:, None]) & (segment[None, :] == segment[:, None])
        seen = torch.nn.functional.pad(seen, (shared, 0), value=True)
        above = torch.ones(shared, shared, dtype=torch.bool, device=self.device).tril()
        beginning = torch.tensor([examples[0][0][:shared]], device=self.device)
        rest = torch.tensor([ids], device=self.device)
        first_positions = torch.arange(shared, device=self.device)
        own_positions = torch.tensor(positions, device=self.device)
        all_positions = torch.cat([first_positions, own_positions])
        if self.plan["recompute"]:  # what is computed twice cannot be put into a cache
            above = torch.nn.functional.pad(above, (0, len(ids)), value=False)
            hidden = inner.model(
                input_ids=torch.cat([beginning, rest], 1),
                position_ids=all_positions[None],
                attention_mask=self._mask(torch.cat([above, seen]), all_positions, all_positions),
                use_cache=False,
            ).last_hidden_state[0, shared:]
        else:
            cache = self.transformers.DynamicCache()  # without the model's configuration, so that it keeps all tokens
            # Nothing is learned from the beginning, so no gradients pass through it: that spares much time and memory.
            if shared:
                with torch.no_grad():
                    inner.model(
                        input_ids=beginning,
                        position_ids=first_positions[None],
                        attention_mask=self._mask(above, first_positions, first_positions) if self.window else None,
                        cache=cache,
                        use_cache=True,
                    )
            hidden = inner.model(
                input_ids=rest,
                position_ids=own_positions[None],
                attention_mask=self._mask(seen, own_positions, all_positions),
                cache=cache,
                use_cache=True,
            ).last_hidden_state[0]
        logits = inner.lm_head(hidden[torch.tensor(where, device=self.device)]).float()
        return torch.nn.functional.cross_entropy(logits, torch.tensor(wanted, device=self.device))

    def _mask(self, seen: Any, of: Any, keys: Any) -> Any:
        """What each token (a row of `seen`) attends to, as the model takes it: by kind of layer if it has a window.

        Args:
            seen: for each token (row) and key (column), whether it may.
            of: the tokens' positions.
            keys: the keys' positions.
        """
        if not self.window:
            return seen[None, None]
        near = of[:, None] - keys[None, :] < self.window
        return {"full_attention": seen[None, None], "sliding_attention": (seen & near)[None, None]}

    def train_step(self, numbers: Sequence[int], rate: float) -> float:
        """One step; returns its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self.losses([self.train[number] for number in numbers])
        loss.backward()
        self.torch.nn.utils.clip_grad_norm_(self.parameters, CLIPPED_NORM)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return float(loss.detach())

    def validated(self) -> float:
        """The mean loss on the validation part."""
        if not self.validation:
            return math.nan
        self.model.eval()
        total = count = 0.0
        with self.torch.no_grad():
            for numbers in self.validation_steps:
                examples = [self.validation[number] for number in numbers]
                tokens = sum(len(answer) for _, answer in examples)
                total += float(self.losses(examples)) * tokens
                count += tokens
        self.model.train()
        return total / count

    def memory(self) -> int:
        """Bytes that this process takes, or what it has taken of the GPU's memory."""
        if self.device.type == "cuda":
            return int(self.torch.cuda.max_memory_allocated())
        import psutil

        return int(psutil.Process().memory_info().rss)

    # Files

    def save(self) -> None:
        """Write a checkpoint as a whole."""
        state = {
            "step": self.step,
            "best": self.best,
            "spent": self.spent,
            "loss": self.loss,
            "steps": self.plan["steps"],
            "adapter": self.matrices(),
            "optimizer": self.optimizer.state_dict(),
            "random": self.torch.get_rng_state(),
        }
        buffer = io.BytesIO()  # a full disk would make `torch.save` fail with an error of its own
        self.torch.save(state, buffer)
        replace_private_file(self.folder / STATE_FILE, buffer.getbuffer())
        tell("checkpoint", step=self.step)

    def resume(self) -> bool:
        """Go on from the checkpoint; False if there is none that can be read."""
        path = self.folder / STATE_FILE
        if not path.is_file():
            return False
        try:
            state = self.torch.load(path, map_location=self.device, weights_only=True)
            own = dict(self._trainable())
            with self.torch.no_grad():
                for name, value in state["adapter"].items():
                    own[name].copy_(value)
            self.optimizer.load_state_dict(state["optimizer"])
            self.torch.set_rng_state(state["random"].cpu())
            self.step, self.best, self.spent = state["step"], state["best"], state["spent"]
            self.loss, self.plan["steps"] = state["loss"], state["steps"]
        except (OSError, EOFError, pickle.UnpicklingError, RuntimeError, LookupError, ValueError, TypeError):
            return False
        return True

    def _trainable(self) -> Iterator[tuple[str, Any]]:
        return ((name, one) for name, one in self.model.named_parameters() if one.requires_grad)

    def matrices(self) -> dict[str, Any]:
        """The adapter's matrices by peft's names."""
        return {name: one.detach().cpu() for name, one in self._trainable()}

    def keep_best(self) -> float:
        """Keep the adapter as the result if the validation part says that it is the best so far."""
        validation = self.validated()
        if validation < self.best or math.isnan(validation):
            self.best = validation
            values = {
                name.removeprefix("base_model.model.").replace(".default.weight", ""): one.float().numpy()
                for name, one in self.matrices().items()
            }
            buffer = io.BytesIO()
            np.savez(buffer, **values)
            replace_private_file(self.folder / RESULT_FILE, buffer.getbuffer())
        return validation

    # The run

    def run(self) -> None:
        """Train to the end of the plan.

        Raises:
            Stopped: the parent is gone; a checkpoint was written.
            ModelInvalidError: the base cannot be used, or more memory is needed than is allowed.
        """
        self.load()
        resumed = self.resume()
        steps = scheduled(self.train, self.shared, self.plan["step_tokens"], self.plan["epochs"], self.plan["seed"])
        timed: list[float] = []
        started = saved = time.monotonic()
        validation = self.best if resumed else math.nan
        while True:
            total = min(len(steps), self.plan["steps"] or len(steps))
            if self.step >= total:
                break
            evaluated_every = max(total // int(self.plan["evaluations"]), 2 * len(self.validation_steps), 1)
            began = time.monotonic()
            loss = self.train_step(steps[self.step], learning_rate(self.step, total, self.plan["learning_rate"]))
            if not math.isfinite(loss):
                raise ModelInvalidError(
                    "the loss is no longer a finite number: training was stopped; try a lower --rate"
                )
            self.loss = loss if self.loss is None else SMOOTHING * self.loss + (1 - SMOOTHING) * loss
            self.step += 1
            timed.append(time.monotonic() - began)
            now = time.monotonic()
            spent = self.spent + now - started
            if self.memory() > self.plan["memory_limit"]:
                raise ModelInvalidError(
                    f"training takes {self.memory() / 1e9:.1f} GB, more than the {self.plan['memory_limit'] / 1e9:.1f}"
                    " allowed: shorten the steps (--step-tokens), or allow more (--memory)"
                )
            if len(timed) == FORECAST_STEPS + 1:
                each = sum(timed[1:]) / FORECAST_STEPS
                if not self.plan["steps"]:
                    room = (self.plan["minutes"] * 60 - spent) / (each * 1.05)
                    self.plan["steps"] = max(self.step, min(len(steps), self.step + int(room)))
                    total = self.plan["steps"]
                seconds = spent + each * (total - self.step)
                tell("forecast", seconds=seconds, steps=total, memory_bytes=self.memory(), seconds_per_step=each)
                if self.plan["forecast_only"]:
                    return
            recent = timed[-20:]
            if self.step % evaluated_every == 0 or self.step == total:
                validation = self.keep_best()
            tokens = self.shared + sum(
                sum(map(len, self.train[number])) - self.shared for number in steps[self.step - 1]
            )
            tell(
                "step",
                step=self.step,
                steps=total,
                loss=self.loss,
                validation=validation if math.isfinite(validation) else None,
                seconds_left=sum(recent) / len(recent) * (total - self.step),
                memory_bytes=self.memory(),
                tokens_per_second=tokens / max(timed[-1], 1e-6),
            )
            if self.stop.is_set() or now - saved >= self.plan["checkpoint_seconds"] or self.step == total:
                self.spent, started, saved = self.spent + now - started, now, now
                self.save()
            if self.stop.is_set():
                raise Stopped
        if not (self.folder / RESULT_FILE).is_file():
            self.keep_best()
        tell(
            "done",
            step=self.step,
            seconds=self.spent + time.monotonic() - started,
            validation=self.best if math.isfinite(self.best) else None,
        )


def _watch_parent(stop: threading.Event) -> None:
    """Ask training to stop when the parent's end of stdin is closed."""
    with contextlib.suppress(OSError, ValueError):
        while os.read(0, 4096):
            pass
    stop.set()


def main() -> int:
    """Run what the folder describes; returns the exit status."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # Threads that wait for others must not spin: beside other programs, that made a step take ten times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    lower_priority(_NICENESS)
    try:
        trainer = Trainer(Path(sys.argv[1]))
        threading.Thread(target=_watch_parent, args=(trainer.stop,), daemon=True).start()
        trainer.run()
    except Stopped:
        return 0
    except ImportError as error:
        problem = f"{error.name or error} is missing: install it with `pip install 'glossator[adapt]'`"
    except MemoryError:
        problem = "memory ran out while training"
    except OSError as error:
        what = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
        problem = f"training stopped: {what}; the same command continues from the last checkpoint"
    except GlossatorError as error:
        problem = str(error)
    except RuntimeError as error:
        if "memory" not in str(error).lower():
            raise
        problem = f"memory ran out while training: {str(error).splitlines()[0]}"
    else:
        return 0
    tell("error", message=problem)
    return 1


if __name__ == "__main__":
    sys.exit(main())
