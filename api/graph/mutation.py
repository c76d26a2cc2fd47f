"""Everything that can be changed."""

from typing import Annotated

import strawberry

from api.graph import (
    active_policies,
    consent_changes,
    contract_changes,
    feedback_changes,
    purchases,
    referral_changes,
    referral_programs,
    refunds,
    segments,
    set_customer,
    support_plan_changes,
    surveys,
)
from api.graph import loyalty_changes as loyalty
from api.graph import loyalty_program_changes as loyalty_program
from api.graph import subscription_changes as subscriptions
from api.graph.cost import Cost
from api.graph.outcomes import Caller

Info = strawberry.Info[Caller, None]
_INPUT = strawberry.argument(description="What to record, and the key that makes it count once.")


@strawberry.type(
    description=(
        "Everything that can be changed. Where userErrors is empty, all of it was recorded, or would be on a dry run; "
        "of many purchases, the right ones may be recorded although others are wrong."
    )
)
class Mutation:
    @strawberry.mutation(description="Create a customer, or change the one that is named.")
    async def set_customer(
        self, info: Info, input: Annotated[set_customer.SetCustomerInput, _INPUT]
    ) -> set_customer.SetCustomerPayload | None:
        return await set_customer.create_or_change(info.context, input)

    @strawberry.mutation(description="Record one purchase; the answer shows the order and the customer afterwards.")
    async def record_purchase(
        self, info: Info, input: Annotated[purchases.RecordPurchaseInput, _INPUT]
    ) -> purchases.RecordPurchasePayload | None:
        return await purchases.record_one(info.context, input)

    @strawberry.mutation(
        description="Record up to 250 purchases in one call.",
        directives=[Cost(weight=10, multipliers=["input.purchases"])],
    )
    async def record_purchases(
        self, info: Info, input: Annotated[purchases.RecordPurchasesInput, _INPUT]
    ) -> purchases.RecordPurchasesPayload | None:
        return await purchases.record_many(info.context, input)

    @strawberry.mutation(description="Record money paid back on an order.")
    async def record_refund(
        self, info: Info, input: Annotated[refunds.RecordRefundInput, _INPUT]
    ) -> refunds.RecordRefundPayload | None:
        return await refunds.record(info.context, input)

    @strawberry.mutation(
        description="Open an account for points for a customer, who earns with purchases from then on."
    )
    async def enroll_loyalty(
        self, info: Info, input: Annotated[loyalty.EnrollLoyaltyInput, _INPUT]
    ) -> loyalty.EnrollLoyaltyPayload | None:
        return await loyalty.enroll(info.context, input)

    @strawberry.mutation(description="Close a customer's account for points for good; what is left on it expires.")
    async def close_loyalty_account(
        self, info: Info, input: Annotated[loyalty.CloseLoyaltyAccountInput, _INPUT]
    ) -> loyalty.CloseLoyaltyAccountPayload | None:
        return await loyalty.close(info.context, input)

    @strawberry.mutation(description="Spend points of a customer: those that expire first go first.")
    async def redeem_points(
        self, info: Info, input: Annotated[loyalty.RedeemPointsInput, _INPUT]
    ) -> loyalty.RedeemPointsPayload | None:
        return await loyalty.redeem(info.context, input)

    @strawberry.mutation(
        description="Undo redeemPoints, once: the points go back to where they came from and expire as before."
    )
    async def reverse_redemption(
        self, info: Info, input: Annotated[loyalty.ReverseRedemptionInput, _INPUT]
    ) -> loyalty.ReverseRedemptionPayload | None:
        return await loyalty.undo_redemption(info.context, input)

    @strawberry.mutation(description="Put a customer's points right by hand.")
    async def adjust_points(
        self, info: Info, input: Annotated[loyalty.AdjustPointsInput, _INPUT]
    ) -> loyalty.AdjustPointsPayload | None:
        return await loyalty.adjust(info.context, input)

    @strawberry.mutation(description="Move points from one customer's account to another's.")
    async def transfer_points(
        self, info: Info, input: Annotated[loyalty.TransferPointsInput, _INPUT]
    ) -> loyalty.TransferPointsPayload | None:
        return await loyalty.transfer(info.context, input)

    @strawberry.mutation(description="Put a points program into force, or other rules for it, from a moment on.")
    async def set_loyalty_program(
        self, info: Info, input: Annotated[loyalty_program.SetLoyaltyProgramInput, _INPUT]
    ) -> loyalty_program.SetLoyaltyProgramPayload | None:
        return await loyalty_program.put_into_force(info.context, input)

    @strawberry.mutation(
        description="Put other rules into force, by which customers count as active, from a moment on.",
        directives=[Cost(weight=50)],
    )
    async def set_active_policy(
        self, info: Info, input: Annotated[active_policies.SetActivePolicyInput, _INPUT]
    ) -> active_policies.SetActivePolicyPayload | None:
        return await active_policies.put_into_force(info.context, input)

    @strawberry.mutation(description="Enroll a customer in a support plan.")
    async def enroll_support_plan(
        self, info: Info, input: Annotated[support_plan_changes.EnrollSupportPlanInput, _INPUT]
    ) -> support_plan_changes.EnrollSupportPlanPayload | None:
        return await support_plan_changes.enroll(info.context, input)

    @strawberry.mutation(description="Take incidents from what a support plan covers; never more than are left.")
    async def use_support_allowance(
        self, info: Info, input: Annotated[support_plan_changes.UseSupportAllowanceInput, _INPUT]
    ) -> support_plan_changes.UseSupportAllowancePayload | None:
        return await support_plan_changes.use(info.context, input)

    @strawberry.mutation(description="End a support plan before the end of its term.")
    async def cancel_support_plan(
        self, info: Info, input: Annotated[support_plan_changes.CancelSupportPlanInput, _INPUT]
    ) -> support_plan_changes.CancelSupportPlanPayload | None:
        return await support_plan_changes.cancel(info.context, input)

    @strawberry.mutation(description="Record a contract that was signed.")
    async def sign_contract(
        self, info: Info, input: Annotated[contract_changes.SignContractInput, _INPUT]
    ) -> contract_changes.SignContractPayload | None:
        return await contract_changes.sign(info.context, input)

    @strawberry.mutation(description="Let a further term follow the last one agreed.")
    async def renew_contract(
        self, info: Info, input: Annotated[contract_changes.RenewContractInput, _INPUT]
    ) -> contract_changes.RenewContractPayload | None:
        return await contract_changes.renew(info.context, input)

    @strawberry.mutation(description="End a contract early.")
    async def terminate_contract(
        self, info: Info, input: Annotated[contract_changes.TerminateContractInput, _INPUT]
    ) -> contract_changes.TerminateContractPayload | None:
        return await contract_changes.terminate(info.context, input)

    @strawberry.mutation(
        description="Start a subscription, with its first payment where it begins without a trial and not later."
    )
    async def start_subscription(
        self, info: Info, input: Annotated[subscriptions.StartSubscriptionInput, _INPUT]
    ) -> subscriptions.StartSubscriptionPayload | None:
        return await subscriptions.start(info.context, input)

    @strawberry.mutation(description="Record a payment for the next period of a subscription.")
    async def renew_subscription(
        self, info: Info, input: Annotated[subscriptions.RenewSubscriptionInput, _INPUT]
    ) -> subscriptions.RenewSubscriptionPayload | None:
        return await subscriptions.take(
            info.context, "renewSubscription", input, subscriptions.RenewSubscriptionPayload
        )

    @strawberry.mutation(description="Stop a subscription for a while, now, later, or since some time ago.")
    async def pause_subscription(
        self, info: Info, input: Annotated[subscriptions.PauseSubscriptionInput, _INPUT]
    ) -> subscriptions.PauseSubscriptionPayload | None:
        return await subscriptions.take(
            info.context, "pauseSubscription", input, subscriptions.PauseSubscriptionPayload
        )

    @strawberry.mutation(description="Let a subscription run again, or withdraw a pause that is planned.")
    async def resume_subscription(
        self, info: Info, input: Annotated[subscriptions.ResumeSubscriptionInput, _INPUT]
    ) -> subscriptions.ResumeSubscriptionPayload | None:
        return await subscriptions.take(
            info.context, "resumeSubscription", input, subscriptions.ResumeSubscriptionPayload
        )

    @strawberry.mutation(description="Change the plan, the price or the length of the periods of a subscription.")
    async def change_subscription(
        self, info: Info, input: Annotated[subscriptions.ChangeSubscriptionInput, _INPUT]
    ) -> subscriptions.ChangeSubscriptionPayload | None:
        return await subscriptions.take(
            info.context, "changeSubscription", input, subscriptions.ChangeSubscriptionPayload
        )

    @strawberry.mutation(description="End a subscription, when its period ends or at another moment.")
    async def cancel_subscription(
        self, info: Info, input: Annotated[subscriptions.CancelSubscriptionInput, _INPUT]
    ) -> subscriptions.CancelSubscriptionPayload | None:
        return await subscriptions.take(
            info.context, "cancelSubscription", input, subscriptions.CancelSubscriptionPayload
        )

    @strawberry.mutation(description="Record what a customer told the business.")
    async def submit_feedback(
        self, info: Info, input: Annotated[feedback_changes.SubmitFeedbackInput, _INPUT]
    ) -> feedback_changes.SubmitFeedbackPayload | None:
        return await feedback_changes.submit(info.context, input)

    @strawberry.mutation(description="Answer what a customer said; a complaint that is settled takes no more answers.")
    async def reply_to_feedback(
        self, info: Info, input: Annotated[feedback_changes.ReplyToFeedbackInput, _INPUT]
    ) -> feedback_changes.ReplyToFeedbackPayload | None:
        return await feedback_changes.reply(info.context, input)

    @strawberry.mutation(description="Record that a complaint is settled, once and for all.")
    async def resolve_complaint(
        self, info: Info, input: Annotated[feedback_changes.ResolveComplaintInput, _INPUT]
    ) -> feedback_changes.ResolveComplaintPayload | None:
        return await feedback_changes.resolve(info.context, input)

    @strawberry.mutation(description="Record whether a customer agrees to hear from the business in one way.")
    async def record_marketing_consent(
        self, info: Info, input: Annotated[consent_changes.RecordMarketingConsentInput, _INPUT]
    ) -> consent_changes.RecordMarketingConsentPayload | None:
        return await consent_changes.record(info.context, input)

    @strawberry.mutation(description="Put other rules of referrals into force, from a moment on.")
    async def set_referral_program(
        self, info: Info, input: Annotated[referral_programs.SetReferralProgramInput, _INPUT]
    ) -> referral_programs.SetReferralProgramPayload | None:
        return await referral_programs.put_into_force(info.context, input)

    @strawberry.mutation(description="Give a customer a code of their own, by which any friend can join.")
    async def create_referral_code(
        self, info: Info, input: Annotated[referral_changes.CreateReferralCodeInput, _INPUT]
    ) -> referral_changes.CreateReferralCodePayload | None:
        return await referral_changes.create_code(info.context, input)

    @strawberry.mutation(description="Record that a customer recommends the business to a friend.")
    async def create_referral(
        self, info: Info, input: Annotated[referral_changes.CreateReferralInput, _INPUT]
    ) -> referral_changes.CreateReferralPayload | None:
        return await referral_changes.create(info.context, input)

    @strawberry.mutation(description="Let a friend join by the code they were given.")
    async def accept_referral(
        self, info: Info, input: Annotated[referral_changes.AcceptReferralInput, _INPUT]
    ) -> referral_changes.AcceptReferralPayload | None:
        return await referral_changes.accept(info.context, input)

    @strawberry.mutation(description="Decide on a referral that was held for review.")
    async def review_referral(
        self, info: Info, input: Annotated[referral_changes.ReviewReferralInput, _INPUT]
    ) -> referral_changes.ReviewReferralPayload | None:
        return await referral_changes.review(info.context, input)

    @strawberry.mutation(description="Make a link through which a customer answers one question, once.")
    async def create_survey_link(
        self, info: Info, input: Annotated[surveys.CreateSurveyLinkInput, _INPUT]
    ) -> surveys.CreateSurveyLinkPayload | None:
        return await surveys.create(info.context, input)

    @strawberry.mutation(description="Answer a survey; the token of its link is all that it takes.")
    async def answer_survey(
        self, info: Info, input: Annotated[surveys.AnswerSurveyInput, _INPUT]
    ) -> surveys.AnswerSurveyPayload | None:
        return await surveys.answer(info.context, input)

    @strawberry.mutation(description="Save a segment: conditions on customers under a name, new or instead of others.")
    async def set_segment(
        self, info: Info, input: Annotated[segments.SetSegmentInput, _INPUT]
    ) -> segments.SetSegmentPayload | None:
        return await segments.save(info.context, input)

    @strawberry.mutation(description="Delete a segment; its customers stay as they are.")
    async def delete_segment(
        self, info: Info, input: Annotated[segments.DeleteSegmentInput, _INPUT]
    ) -> segments.DeleteSegmentPayload | None:
        return await segments.delete(info.context, input)
