-- Answers {state of the epoch}, once it has been found to go on from what the caller knows.
return { stateOfEpoch() }
