// The elements of the drum view; those that it changes have the attribute data-part.

export const DRUM_TEMPLATE = `
<p class="alert" data-part="failure" role="alert" hidden></p>
<div class="drum-columns">
<div class="card drum-card">
<div class="row head"><h2>Drum</h2><div class="segments" data-part="rims" role="radiogroup" aria-label="Rim"></div></div>
<div class="segments drum-shapes" data-part="shapes" role="radiogroup" aria-label="Shape"></div>
<div class="drum-stage"><canvas data-part="stage" tabindex="0" role="application" aria-label="The drum"
 aria-describedby="drum-help"></canvas></div>
<div class="row" data-part="drawing-row" hidden><button type="button" class="main" data-part="close-line">Close the line</button>
<button type="button" data-part="clear-line">Clear</button></div>
<div class="row" data-part="playing-row"><button type="button" class="main" data-part="strike">Strike</button>
<button type="button" data-part="stop">Stop</button><button type="button" data-part="draw-again">Draw another</button>
<label>Picture <select data-part="speed"></select></label><span class="hint" data-part="rate"></span></div>
<p data-part="message" role="status"></p>
<p class="hint" id="drum-help" data-part="help"></p>
</div>
<div class="drum-side">
<div class="card">
<div class="row head"><h2>Sound at the pick-up</h2><label><input type="checkbox" data-part="sounding" checked> Play each strike</label></div>
<div class="drum-sliders">
<label for="drum-pitch">Pitch</label><input id="drum-pitch" type="range" data-part="pitch" min="8" max="48" step="0.5" value="16">
<output for="drum-pitch" data-part="pitch-text"></output>
<label for="drum-damping">Damping</label><input id="drum-damping" type="range" data-part="damping" min="0" max="20" step="0.5" value="4">
<output for="drum-damping" data-part="damping-text"></output>
</div>
<h3>Spectrum</h3>
<canvas class="drum-spectrum" data-part="spectrum" role="img" aria-label="Spectrum of the sound at the pick-up"></canvas>
<p class="hint"><span class="drum-key spectrum"></span> the last strike, as the pick-up hears it
 <span class="drum-key lines"></span> frequencies of the modes</p>
<p class="hint" data-part="sound-note" role="status"></p>
</div>
<div class="card">
<h2>What the frequencies tell</h2>
<div class="row" data-part="progress-row" hidden><progress data-part="progress" max="1" aria-label="Frequencies computed"></progress>
<span class="hint">Computing the frequencies</span></div>
<table class="drum-table" data-part="table" hidden>
<thead><tr><td></td><th scope="col">heard</th><th scope="col">drawn</th></tr></thead>
<tbody><tr><th scope="row">Area</th><td data-part="area-heard"></td><td data-part="area-drawn"></td></tr>
<tr><th scope="row">Rim</th><td data-part="rim-heard"></td><td data-part="rim-drawn"></td></tr></tbody>
</table>
<p data-part="lowest"></p>
<p data-part="comparison" role="status"></p>
<p class="hint" data-part="method"></p>
</div>
</div>
</div>
`;
