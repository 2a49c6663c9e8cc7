"""The pages: onboarding, the owner's console, the operator's console and the API's reference."""
